# SPDX-License-Identifier: MIT
#
# Whether the halves of a team take turns at the matrix pipe (arch/amd/common/turns.h), from the assembly that clang
# leaves for CDNA (-S): every MFMA stands in a turn,
#
#     s_barrier, s_setprio 1, MFMAs and what moves registers, s_setprio 0, s_barrier
#
# with no access to memory, no wait, no branch inside: those belong to the other half's time. Prints a line for the first
# fault, or how many turns there are.

function fault(text) { if (!faults++) print "line " NR ": " text }

/^[ \t]*s_setprio 1/ {
    if (!at_barrier)
        fault("s_setprio 1 does not follow a barrier")
    inside = 1
    products = 0
}
/^[ \t]*s_setprio 0/ {
    if (!products)
        fault("a turn without an MFMA")
    inside = 0
    ending = 1
    turns++
    next
}
/^[ \t]*v_mfma/ {
    products++
    if (!inside)
        fault("an MFMA outside a turn: the other half cannot know of it")
}
/^[ \t]*(ds_|buffer_|global_|flat_|scratch_|s_load|s_waitcnt|s_cbranch|s_branch|s_barrier)/ && inside {
    fault($1 " inside a turn")
}
/^[ \t]*[a-z]/ {
    if (ending && $1 != "s_barrier")
        fault("no s_barrier behind s_setprio 0")
    ending = 0
    at_barrier = $1 == "s_barrier"
}
END {
    if (!turns)
        fault("no turn: the team has other than eight waves, or the pipe is no TW_PIPE_IN_TURNS")
    if (!faults)
        print "turns " turns
    exit faults > 0
}
