/* SPDX-License-Identifier: MIT
 *
 * Banks of shared memory: how many cycles a wave's access takes. The hardware serves a wave in phases, each
 * of some of its lanes; a phase takes as many cycles as there are different words in the bank that has most
 * of them. Lanes that name the same word share it.
 *
 * Sources. NVIDIA: CUDA C++ Programming Guide, "Shared Memory" (32 banks); accesses of 8 and 16 bytes go by
 * half and by quarter warps. CDNA2 and CDNA3 (32 banks): "Understanding AMD GPU LDS and Bank Conflicts" of
 * the Composable Kernel documentation, for ds_write_b128 and ds_read_b128; narrower ones at the 128 bytes a
 * cycle of the ISA guides, lanes in their order. CDNA4 (64 banks): measured by others for ds_read_b128,
 * ds_read_b64 and ds_write_b64; the rest at the rate of those.
 */
#ifndef TW_ARCH_EMULATOR_BANKS_H
#define TW_ARCH_EMULATOR_BANKS_H

#include <stdint.h>

enum { TW__EMU_BANKS_MAX = 64, TW__EMU_BANK_WORD = 4, TW__EMU_QUAD = 4 };

/* Machines are told apart by their lanes and by their banks (arch/registry.def). */
typedef struct {
    int lanes, machine_banks;
    int writes, bytes; /* of a lane, at most */
    int banks;         /* that this access can reach in a cycle */
    int together;      /* lanes of a phase, neighbours; or with a pattern: lanes after which it repeats */
    const char *phase; /* the phase of each four lanes of `together`, '0' the first; NULL: neighbours */
} tw__emu_bank_rule;

/* clang-format off */
static const tw__emu_bank_rule tw__emu_bank_rules[] = {
    /* lanes banks writes bytes banks together phase */
    {  32,   32,   0,     4,    32,   32,      0 },
    {  32,   32,   0,     8,    32,   16,      0 },
    {  32,   32,   0,     16,   32,   8,       0 },
    {  32,   32,   1,     4,    32,   32,      0 },
    {  32,   32,   1,     8,    32,   16,      0 },
    {  32,   32,   1,     16,   32,   8,       0 },
    {  64,   32,   0,     4,    32,   32,      0 },
    {  64,   32,   0,     8,    32,   16,      0 },
    {  64,   32,   0,     16,   32,   32,      "01231032" }, /* 0-3 and 20-23, 4-7 and 16-19, ... */
    {  64,   32,   1,     4,    32,   32,      0 },
    {  64,   32,   1,     8,    32,   16,      0 },
    {  64,   32,   1,     16,   32,   8,       0 },
    {  64,   64,   0,     4,    64,   64,      0 },
    {  64,   64,   0,     8,    64,   32,      0 },
    {  64,   64,   0,     16,   64,   32,      "01101001" }, /* 0-3, 12-15, 20-27; 4-11, 16-19, 28-31 */
    {  64,   64,   1,     4,    32,   32,      0 },
    {  64,   64,   1,     8,    32,   16,      0 },
    {  64,   64,   1,     16,   32,   8,       0 },
};
/* clang-format on */

enum { TW__EMU_BANK_RULES = sizeof tw__emu_bank_rules / sizeof *tw__emu_bank_rules };

/* The rule of an access; NULL where the machine has none. */
static inline const tw__emu_bank_rule *tw__emu_bank_rule_of(int lanes, int banks, int writes, int bytes)
{
    for (int i = 0; i < TW__EMU_BANK_RULES; i++) {
        const tw__emu_bank_rule *rule = &tw__emu_bank_rules[i];
        if (rule->lanes == lanes && rule->machine_banks == banks && rule->writes == writes &&
            bytes <= rule->bytes)
            return rule;
    }
    return 0;
}

static inline int tw__emu_bank_phase(const tw__emu_bank_rule *rule, int lane)
{
    int group = lane / rule->together, phases = 1;
    if (!rule->phase)
        return group;
    for (int i = 0; rule->phase[i]; i++)
        phases = rule->phase[i] - '0' >= phases ? rule->phase[i] - '0' + 1 : phases;
    return group * phases + rule->phase[lane % rule->together / TW__EMU_QUAD] - '0';
}

/* Cycles of one access: lane l, if it takes part (offset[l] >= 0), names `bytes` at offset[l]. `ideal`
 * receives the cycles that it would take without conflicts: one a phase in which any lane takes part. */
static inline int tw__emu_bank_cycles(const tw__emu_bank_rule *rule, const int64_t *offset, int bytes,
                                      int *ideal)
{
    int cycles = 0, words = (bytes + TW__EMU_BANK_WORD - 1) / TW__EMU_BANK_WORD, done = 0;
    *ideal = 0;
    for (int phase = 0; done < rule->lanes; phase++) {
        int64_t seen[TW__EMU_BANKS_MAX][TW__EMU_BANKS_MAX]; /* words of each bank */
        int count[TW__EMU_BANKS_MAX] = {0}, most = 0;
        for (int lane = 0; lane < rule->lanes; lane++) {
            if (tw__emu_bank_phase(rule, lane) != phase)
                continue;
            done++;
            for (int w = 0; offset[lane] >= 0 && w < words; w++) {
                int64_t word = offset[lane] / TW__EMU_BANK_WORD + w;
                int bank = (int)(word % rule->banks), known = 0;
                for (int i = 0; i < count[bank]; i++)
                    known |= seen[bank][i] == word;
                if (!known)
                    seen[bank][count[bank]++] = word;
                most = count[bank] > most ? count[bank] : most;
            }
        }
        cycles += most;
        *ideal += most > 0;
    }
    return cycles;
}

#endif
