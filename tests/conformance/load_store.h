/* SPDX-License-Identifier: MIT
 *
 * Op numbers of load_store.c: where the tile comes from. numbers: 0 dtype of x, 1 dtype of the shared tile it goes
 * through on its way out or 0, 2 dtype of out, 3 and 4 place of the view.
 */
#ifndef TW_TESTS_CONFORMANCE_LOAD_STORE_H
#define TW_TESTS_CONFORMANCE_LOAD_STORE_H

enum {
    LOAD_GLOBAL,     /* register <- global */
    LOAD_STAGED,     /* register <- shared <- global */
    LOAD_TRANSPOSED, /* register <- shared, transposed <- global: x is the transpose of out */
    LOAD_VIEW,       /* register <- view of a larger shared tile <- global; from here on x has the tile's dtype */
    LOAD_STAGED_VIEW, /* register <- view <- global */
    STORE_VIEW       /* view of a view, in a larger shared tile <- register; out gets the larger tile of each block */
};

enum { LOAD_VIEW_ROWS = 16, LOAD_VIEW_COLS = 32 }; /* by which the larger tile exceeds the view */

#endif
