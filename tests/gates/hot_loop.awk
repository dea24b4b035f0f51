# SPDX-License-Identifier: MIT
#
# Whether the loops that hold a kernel's MFMAs run their copies ahead, from the assembly that clang leaves for CDNA
# (-S). Prints a line for each fault, then `loops N`. Set `stages` (-v) to those of the kernel's ring.
#
#   1. From three stages on: through each MFMA and each copy straight to shared memory leads a way round the loop
#      without s_waitcnt vmcnt(0), so that the copies of later stages stay under way. With two there is nothing
#      later to leave: from each copy a way leads to an MFMA without vmcnt(0). A fence round the barrier undoes
#      both. (Ways by registers, for tiles that cannot be copied so, may wait as they like.)
#   2. On every way to the loop's s_barrier lgkmcnt(0) follows each access to shared memory: behind the barrier
#      another wave overwrites what the access reads. The compiler moves its own wait across a bare s_barrier.
#
# Neither fault need change a result. What a wait leaves under way is right or wrong by the count: the emulator's part.
#
# Nodes are labels, branches and the instructions above; edges lead to the next one and to a branch's target.

function node(kind) { count++; kinds[count] = kind; line[count] = NR; falls[count] = 1 }

/^\.L[A-Za-z0-9_]*:/ { node("label"); sub(/:.*/, "", $1); at[$1] = count; next }
/^[ \t]*s_cbranch_/ { node("branch"); target[count] = $2; next }
/^[ \t]*s_branch/ { node("branch"); target[count] = $2; falls[count] = 0; next }
/^[ \t]*(s_endpgm|s_setpc)/ { node("end"); falls[count] = 0; next }
/^[ \t]*v_mfma_/ { node("mfma"); next }
/^[ \t]*(buffer_load_|global_load_).*[ \t]lds/ || /^[ \t]*global_load_lds/ { node("copy"); next }
/^[ \t]*s_barrier/ { node("barrier"); next }
/^[ \t]*ds_(read|write|load|store)/ { node("shared"); next }
/^[ \t]*s_waitcnt/ {
    node("wait")
    vmcnt_0[count] = /vmcnt\(0\)/
    lgkmcnt_0[count] = /lgkmcnt\(0\)/
}

# reached[i] for the nodes to which (from which, backwards) some way of one step or more leads from `start`; no way
# goes through a node of `closed`.
function walk(start, backwards, closed, reached,    stack, depth, here, i, next_count, following) {
    split("", reached)
    stack[depth = 1] = start
    while (depth > 0) {
        here = stack[depth--]
        next_count = split(backwards ? before[here] : after[here], following, " ")
        for (i = 1; i <= next_count; i++) {
            if (following[i] in reached || closed[following[i]])
                continue
            reached[following[i]] = 1
            stack[++depth] = following[i]
        }
    }
}

function fault(i, text) { print "line " line[i] ": " text; faults++ }

function check_barrier(barrier,    reached, i) {
    walk(barrier, 1, lgkmcnt_0, reached)
    for (i in reached)
        if (kinds[i] == "shared") {
            fault(barrier, "s_barrier without lgkmcnt(0) behind the shared access of line " line[i])
            break
        }
}

# 1 if no copy has to be over when this MFMA, or this copy, has its turn again; of two stages, if an MFMA has its turn.
function runs_ahead(i,    ahead, j) {
    walk(i, 0, vmcnt_0, ahead)
    if (stages > 2)
        return i in ahead
    if (kinds[i] == "mfma")
        return 1
    for (j in ahead)
        if (kinds[j] == "mfma")
            return 1
    return 0
}

# The loop: what lies on a way from `mfma` back to it. One without copies uses up what others have loaded.
function check_loop(mfma,    ahead, behind, inside, i, copies, barriers, waits) {
    walk(mfma, 0, none, ahead)
    if (!(mfma in ahead))
        return
    loops++
    walk(mfma, 1, none, behind)
    for (i = 1; i <= count; i++) {
        if (!(i in ahead && i in behind))
            continue
        inside[i] = 1
        if (kinds[i] == "mfma")
            seen[i] = 1
        if (kinds[i] == "barrier") {
            barriers++
            check_barrier(i)
        }
        copies += kinds[i] == "copy"
    }
    if (!copies)
        return
    copying++
    if (!barriers)
        fault(mfma, "no s_barrier in the loop round this mfma")
    for (i = 1; i <= count && !waits; i++)
        if (i in inside && (kinds[i] == "mfma" || kinds[i] == "copy") && !runs_ahead(i)) {
            fault(i, "vmcnt(0) on every way on from this " kinds[i] ": the loop waits for all copies")
            waits = 1
        }
}

END {
    split("", none)
    for (i = 1; i <= count; i++) {
        if (falls[i] && i < count)
            after[i] = i + 1
        if (target[i] in at)
            after[i] = after[i] " " at[target[i]]
        n = split(after[i], following, " ")
        for (j = 1; j <= n; j++)
            before[following[j]] = before[following[j]] " " i
    }
    for (i = 1; i <= count; i++)
        if (kinds[i] == "mfma" && !seen[i])
            check_loop(i)
    if (!copying) {
        print "no loop round an mfma with copies straight to shared memory"
        faults++
    }
    print "loops " loops + 0
    exit faults > 0
}
