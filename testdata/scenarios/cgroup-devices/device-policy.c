/* device-policy CGROUP MAJOR: the processes of the control group may use devices of any major number but this one.
 * It replaces an earlier policy; 0 allows all. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = offsetof(struct bpf_cgroup_dev_ctx, major) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .off = 1, .imm = atoi(argv[2]) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load, attach;
	memset(&load, 0, sizeof load);
	load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	load.insns = (unsigned long)program;
	load.insn_cnt = sizeof program / sizeof *program;
	load.license = (unsigned long)"GPL";
	memset(&attach, 0, sizeof attach);
	attach.attach_type = BPF_CGROUP_DEVICE;
	attach.target_fd = open(argv[1], O_RDONLY);
	attach.attach_bpf_fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach)) {
		perror("device-policy");
		return 1;
	}
	return 0;
}
