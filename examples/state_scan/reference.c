/* SPDX-License-Identifier: MIT
 *
 * The recurrence as its definition says it, over the f32 inputs.
 */
#include "reference.h"

#include <math.h>

static double value(const tw_tensor *tensor, size_t index)
{
    return tensor ? (double)((const float *)tensor->input)[index] : 0;
}

tw_status state_scan_reference(tw_problem *problem)
{
    const tw_tensor *initial = tw_problem_tensor(problem, "initial");
    const tw_tensor *decays = tw_problem_tensor(problem, "decays");
    const tw_tensor *initial_m = tw_problem_tensor(problem, "initial_m");
    const tw_tensor *own_m = tw_problem_tensor(problem, "own_m");
    tw_tensor *states = tw_problem_tensor(problem, "states"), *m_out = tw_problem_tensor(problem, "m");
    const size_t parts = (size_t)states->dim[1], size = (size_t)(states->dim[2] * states->dim[3]);
    for (size_t pair = 0; pair < (size_t)states->dim[0]; pair++) {
        double m = value(initial_m, pair);
        for (size_t part = 0; part < parts; part++) {
            const size_t at = pair * parts + part;
            const double before = m + value(decays, at), own = value(own_m, at);
            double *y = states->reference + at * size;
            m = part == 0 ? m : own_m ? fmax(before, own) : 0;
            for (size_t i = 0; i < size; i++)
                y[i] = part == 0 ? value(initial, pair * size + i)
                                 : exp(before - m) * y[(ptrdiff_t)i - (ptrdiff_t)size] +
                                       (own_m ? exp(own - m) : 1) * value(states, at * size + i);
            if (m_out)
                m_out->reference[at] = m;
        }
    }
    return tw_ok();
}
