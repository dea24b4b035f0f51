/* SPDX-License-Identifier: MIT
 *
 * Problems on device memory that the caller owns: tensors of another library in the same process.
 */
#include <stddef.h>

#include "problem_state.h"

tw_status tw_problem_lend(tw_problem *problem, const char *tensor, int rank, const tw_tensor_arg *where)
{
    const tw_kernel *kernel = problem->kernel;
    TW_TRY(tw_kernel_check_tensor(kernel, tensor));
    int index = tw_find_tensor(kernel, tensor);
    if (problem->tensor_count)
        return tw_fail(TW_INVALID, "%s of %s is lent after tw_problem_resolve; lend it before", tensor, kernel->name);
    if (kernel->tensors[index].content) {
        return tw_fail(TW_INVALID, "%s of %s is lent, but the host must know what it holds; give it by file", tensor,
                       kernel->name);
    }
    if (problem->lent[index].data || problem->input_path[index])
        return tw_fail(TW_INVALID, "%s of %s is given twice; give it once", tensor, kernel->name);
    if (!where->data)
        return tw_fail(TW_INVALID, "%s of %s is lent at address 0", tensor, kernel->name);
    if (rank < 0 || rank > TW_RANK_MAX) {
        return tw_fail(TW_INVALID, "%s of %s is lent with rank %d; it must be 0 to %d", tensor, kernel->name, rank,
                       TW_RANK_MAX);
    }
    problem->lent[index] = *where;
    problem->lent_rank[index] = rank;
    return tw_ok();
}
