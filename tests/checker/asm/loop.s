; SPDX-License-Identifier: MIT
;
; A loop as a kernel of CDNA should have it: a ring of three stages, a way by registers that waits for its loads, an end
; that waits for the last copies. test_asm_loops.sh makes one fault at a time in it.
	.text
	.globl loop
loop:
	global_load_dwordx4 v[0:3], v[4:5], off
	s_waitcnt vmcnt(0)
.LBB0_1:
	s_cbranch_scc1 .LBB0_2
	s_waitcnt vmcnt(1)
	s_branch .LBB0_3
.LBB0_2:
	s_waitcnt vmcnt(0)
.LBB0_3:
	s_waitcnt lgkmcnt(0)
	s_barrier
	s_cbranch_vccnz .LBB0_4
	buffer_load_dword v6, s[40:43], 0 offen lds
	s_branch .LBB0_5
.LBB0_4:
	global_load_dword v7, v[8:9], off
	s_waitcnt vmcnt(0)
	ds_write_b32 v10, v7
.LBB0_5:
	ds_read_b64 v[12:13], v11
	s_waitcnt lgkmcnt(0)
	v_mfma_f32_16x16x16_bf16 v[16:19], v[12:13], v[14:15], v[16:19]
	ds_read_b64 v[14:15], v11 offset:64
	s_cbranch_scc0 .LBB0_1
	s_endpgm
