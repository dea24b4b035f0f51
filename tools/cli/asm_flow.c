/* SPDX-License-Identifier: MIT
 *
 * Ways through a kernel, and its natural loops: an edge to an instruction that every way to the edge's start
 * has come through closes a loop; the loop is what can reach that start without coming through the target
 * again. Dominators as in Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm" (2001).
 */
#include <stdlib.h>
#include <string.h>

#include "asm.h"

/* The instructions that may follow `i`; returns how many. */
static int following(const asm_kernel *kernel, int i, int next[2])
{
    const asm_instruction *at = &kernel->instruction[i];
    int count = 0;
    if (at->kind != ASM_JUMP && at->kind != ASM_END && i + 1 < kernel->count)
        next[count++] = i + 1;
    if ((at->kind == ASM_JUMP || at->kind == ASM_BRANCH) && at->target >= 0)
        next[count++] = at->target;
    return count;
}

static void *zeros(int count, size_t size) { return calloc((size_t)count + 1, size); }

static void make_edges(asm_flow *flow)
{
    const asm_kernel *kernel = flow->kernel;
    int n = kernel->count, next[2];
    int *used = zeros(n, sizeof *used);
    flow->before_at = zeros(n + 1, sizeof *flow->before_at);
    flow->before = zeros(2 * n, sizeof *flow->before);
    for (int i = 0; i < n; i++)
        for (int k = following(kernel, i, next); k > 0; k--)
            flow->before_at[next[k - 1] + 1]++;
    for (int i = 0; i < n; i++)
        flow->before_at[i + 1] += flow->before_at[i];
    for (int i = 0; i < n; i++)
        for (int k = following(kernel, i, next); k > 0; k--)
            flow->before[flow->before_at[next[k - 1]] + used[next[k - 1]]++] = i;
    free(used);
}

/* order: the reachable instructions, each behind all that follow it but for loops; returns how many. */
static int make_postorder(const asm_kernel *kernel, int *order, int *number)
{
    int n = kernel->count, depth = 0, done = 0, next[2];
    int *stack = zeros(n, sizeof *stack);
    char *tried = zeros(n, 1), *seen = zeros(n, 1);
    for (int i = 0; i < n; i++)
        number[i] = -1;
    if (n)
        stack[depth++] = 0, seen[0] = 1;
    while (depth > 0) {
        int here = stack[depth - 1], count = following(kernel, here, next);
        if (tried[here] == count) {
            number[here] = done;
            order[done++] = here;
            depth--;
            continue;
        }
        int to = next[(int)tried[here]++];
        if (!seen[to])
            seen[to] = 1, stack[depth++] = to;
    }
    free(stack);
    free(tried);
    free(seen);
    return done;
}

/* The instruction that every way to `i` comes through last; itself for the first, -1 where no way leads. */
static int *make_dominators(const asm_flow *flow)
{
    int n = flow->kernel->count;
    int *order = zeros(n, sizeof *order), *number = zeros(n, sizeof *number),
        *dominator = zeros(n, sizeof *dominator);
    int reachable = make_postorder(flow->kernel, order, number);
    for (int i = 0; i < n; i++)
        dominator[i] = -1;
    if (n)
        dominator[0] = 0;
    for (int changed = 1; changed;) {
        changed = 0;
        for (int k = reachable - 2; k >= 0; k--) {
            int i = order[k], found = -1;
            for (int e = flow->before_at[i]; e < flow->before_at[i + 1]; e++) {
                int other = flow->before[e];
                if (dominator[other] < 0)
                    continue;
                for (int mine = found; found >= 0 && mine != other;) {
                    if (number[mine] < number[other])
                        mine = dominator[mine];
                    else
                        other = dominator[other];
                    found = mine;
                }
                if (found < 0)
                    found = other;
            }
            if (found != dominator[i])
                dominator[i] = found, changed = 1;
        }
    }
    free(order);
    free(number);
    return dominator;
}

static asm_loop *loop_at(asm_flow *flow, int header)
{
    for (int l = 0; l < flow->loops; l++)
        if (flow->loop[l].header == header)
            return &flow->loop[l];
    flow->loop = realloc(flow->loop, (size_t)(flow->loops + 1) * sizeof *flow->loop);
    asm_loop *loop = &flow->loop[flow->loops++];
    *loop = (asm_loop){.header = header, .outer = -1, .in = zeros(flow->kernel->count, 1)};
    loop->in[header] = 1;
    return loop;
}

/* What reaches `end` without coming through the header. */
static void fill_loop(const asm_flow *flow, asm_loop *loop, int end)
{
    int depth = 0, *stack = zeros(flow->kernel->count, sizeof *stack);
    if (!loop->in[end])
        loop->in[end] = 1, stack[depth++] = end;
    while (depth > 0) {
        int here = stack[--depth];
        for (int e = flow->before_at[here]; e < flow->before_at[here + 1]; e++)
            if (!loop->in[flow->before[e]])
                loop->in[flow->before[e]] = 1, stack[depth++] = flow->before[e];
    }
    free(stack);
}

void asm_flow_make(const asm_kernel *kernel, asm_flow *flow)
{
    *flow = (asm_flow){.kernel = kernel};
    make_edges(flow);
    int *dominator = make_dominators(flow), next[2];
    for (int i = 0; i < kernel->count; i++)
        for (int k = dominator[i] < 0 ? 0 : following(kernel, i, next); k > 0; k--) {
            int at = i;
            while (at != next[k - 1] && at != dominator[at])
                at = dominator[at];
            if (at == next[k - 1])
                fill_loop(flow, loop_at(flow, at), i);
        }
    for (int l = 0; l < flow->loops; l++)
        for (int i = 0; i < kernel->count; i++)
            flow->loop[l].size += flow->loop[l].in[i];
    for (int l = 0; l < flow->loops; l++)
        for (int o = 0; o < flow->loops; o++) {
            int outer = flow->loop[l].outer;
            if (o != l && flow->loop[o].in[flow->loop[l].header] && flow->loop[o].size > flow->loop[l].size &&
                (outer < 0 || flow->loop[o].size < flow->loop[outer].size))
                flow->loop[l].outer = o;
        }
    free(dominator);
}

void asm_flow_free(asm_flow *flow)
{
    for (int l = 0; l < flow->loops; l++)
        free(flow->loop[l].in);
    free(flow->loop);
    free(flow->before);
    free(flow->before_at);
}

void asm_walk(const asm_flow *flow, int start, int backwards, const char *inside, const char *closed,
              char *reached)
{
    int depth = 0, next[2], *stack = zeros(flow->kernel->count + 1, sizeof *stack);
    memset(reached, 0, (size_t)flow->kernel->count);
    stack[depth++] = start;
    while (depth > 0) {
        int here = stack[--depth];
        const int *to = next;
        int count;
        if (backwards) {
            to = flow->before + flow->before_at[here];
            count = flow->before_at[here + 1] - flow->before_at[here];
        } else {
            count = following(flow->kernel, here, next);
        }
        for (int k = 0; k < count; k++) {
            if (reached[to[k]] || (inside && !inside[to[k]]) || (closed && closed[to[k]]))
                continue;
            reached[to[k]] = 1;
            stack[depth++] = to[k];
        }
    }
    free(stack);
}

int asm_loop_count(const asm_flow *flow, int loop, asm_kind kind)
{
    int count = 0;
    for (int i = 0; i < flow->kernel->count; i++)
        count += flow->loop[loop].in[i] && flow->kernel->instruction[i].kind == kind;
    return count;
}

int asm_loop_round(const asm_flow *flow, int i, asm_kind kind)
{
    int best = -1;
    for (int l = 0; l < flow->loops; l++)
        if (flow->loop[l].in[i] && (best < 0 || flow->loop[l].size < flow->loop[best].size) &&
            asm_loop_count(flow, l, kind))
            best = l;
    return best;
}

/* Copies count most, then other memory, then plain length. */
static int64_t weight(const asm_instruction *at)
{
    return at->kind == ASM_COPY ? (int64_t)1 << 40 : at->kind == ASM_MEMORY ? (int64_t)1 << 20 : 1;
}

int asm_loop_turn(const asm_flow *flow, int loop, int *turn)
{
    const asm_kernel *kernel = flow->kernel;
    const asm_loop *l = &flow->loop[loop];
    int n = kernel->count, next[2], count = 0;
    int *order = zeros(n, sizeof *order), *number = zeros(n, sizeof *number), *then = zeros(n, sizeof *then);
    int64_t *best = zeros(n, sizeof *best);
    int reachable = make_postorder(kernel, order, number);
    for (int k = 0; k < reachable; k++) { /* what follows comes first */
        int i = order[k];
        then[i] = -1;
        if (!l->in[i])
            continue;
        for (int e = following(kernel, i, next); e > 0; e--) {
            int to = next[e - 1];
            if (l->in[to] && to != l->header && number[to] < number[i] &&
                (then[i] < 0 || best[to] > best[then[i]]))
                then[i] = to;
        }
        best[i] = weight(&kernel->instruction[i]) + (then[i] >= 0 ? best[then[i]] : 0);
    }
    for (int i = l->header; i >= 0; i = then[i])
        turn[count++] = i;
    free(order);
    free(number);
    free(then);
    free(best);
    return count;
}
