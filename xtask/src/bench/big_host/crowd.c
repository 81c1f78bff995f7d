/* crowd PROCESSES MOUNTS CGROUPS: makes that many control groups, bind mounts, and sleeping processes spread over the
 * groups, and says so with a line. The processes share their memory, or the guest would need tens of gigabytes; files,
 * folders and namespaces they have of their own, as any.
 * crowd gone: fails again and again in processes that are gone a moment later, with their mount namespaces.
 * crowd pace: prints how many nanoseconds it takes to open, read and close /proc/self/status. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/tmp/crowd"
#define GROUPS "/sys/fs/cgroup/crowd"
#define STACK 1024

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static int sleeps(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		give_up(path);
	close(fd);
}

static void mount_all(int mounts)
{
	char path[100];

	mkdir(FOLDER, 0755);
	if (mount("crowd", FOLDER, "tmpfs", 0, NULL))
		give_up(FOLDER);
	mkdir(FOLDER "/source", 0755);
	for (int i = 0; i < mounts; i++) {
		snprintf(path, sizeof(path), FOLDER "/volume-of-a-pod-with-a-long-name-%d", i);
		mkdir(path, 0755);
		if (mount(FOLDER "/source", path, NULL, MS_BIND, NULL))
			give_up(path);
	}
}

static void start(int processes, int groups)
{
	char *stacks = mmap(NULL, (size_t)processes * STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char path[100];
	int group = -1;

	if (stacks == MAP_FAILED)
		give_up("stacks");
	mkdir(GROUPS, 0755);
	for (int i = 0; i < groups; i++) {
		if (i % 10 == 0) {
			snprintf(path, sizeof(path), GROUPS "/pod%d", i / 10);
			mkdir(path, 0755);
		}
		snprintf(path, sizeof(path), GROUPS "/pod%d/container%d", i / 10, i);
		mkdir(path, 0755);
	}
	for (int i = 0; i < processes; i++) {
		int next = (int)((long long)i * groups / processes);

		if (next != group) {
			group = next;
			snprintf(path, sizeof(path), GROUPS "/pod%d/container%d/cgroup.procs", group / 10, group);
			put(path, "0");
		}
		if (clone(sleeps, stacks + (size_t)(i + 1) * STACK, CLONE_VM | SIGCHLD, NULL) < 0)
			give_up("clone");
	}
}

static int fails(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWNS) || chdir(FOLDER "/source"))
		_exit(1);
	for (int i = 0; i < 20; i++)
		mount("none", "relative", "no-such-file-system", 0, NULL);
	_exit(0);
}

static void gone(void)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			fails(NULL);
		waitpid(pid, NULL, 0);
		usleep(2000000);
	}
}

static void pace(void)
{
	struct timespec begin, end;
	char text[4096];
	int times = 2000;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (int i = 0; i < times; i++) {
		int fd = open("/proc/self/status", O_RDONLY);

		while (read(fd, text, sizeof(text)) > 0)
			;
		close(fd);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	printf("%lld\n", ((end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec) / times);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "gone"))
		gone();
	if (argc == 2 && !strcmp(argv[1], "pace")) {
		pace();
		return 0;
	}
	if (argc != 4)
		return 2;
	mount_all(atoi(argv[2]));
	start(atoi(argv[1]), atoi(argv[3]));
	puts("made");
	fflush(stdout);
	sleeps(NULL);
}
