/* container: another container, in namespaces and a control group of its own. Its runtime's seccomp filter refuses
 * io_uring (EPERM), as Docker's does; its program, like libuv, then goes on with epoll. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP "/sys/fs/cgroup/system-app"

static void join_group(void)
{
	mkdir(GROUP, 0755);
	FILE *members = fopen(GROUP "/cgroup.procs", "w");
	if (members) {
		fprintf(members, "%d\n", getpid());
		fclose(members);
	}
}

static int refuse(unsigned number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof code / sizeof *code, code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int main(void)
{
	join_group();
	if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID))
		return 1;
	pid_t init = fork();
	if (init) {
		waitpid(init, NULL, 0);
		return 1;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	char parameters[120] = { 0 };
	if (refuse(SYS_io_uring_setup))
		return 1;
	for (;;) {
		if (syscall(SYS_io_uring_setup, 8, parameters) < 0) {
			struct epoll_event event;
			int loop = epoll_create1(EPOLL_CLOEXEC);
			epoll_wait(loop, &event, 1, 5900);
			close(loop);
		}
	}
}
