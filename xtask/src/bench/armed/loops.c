/*
 * Loops of system calls of a process that has nothing to do with a failure, timed alone and while the recorder has
 * the function graph armed on it.
 *
 *     loops TARGET capture ARG...
 *
 * TARGET is the failure: openat (EMFILE), mount (EPERM) or write (EFBIG). Another process makes it once, and ends:
 * so the graph is limited to no process, and nothing ends it but its time. Prints `key=value` lines: times in
 * nanoseconds per iteration, and how long the tracer was seen in milliseconds.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing"

static int ends[2], udp[2], file;
static char buffer[4096];

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static void check(int failed, const char *what)
{
	if (failed) {
		perror(what);
		exit(1);
	}
}

static void loop_getppid(void)
{
	syscall(SYS_getppid);
}

static void loop_open(void)
{
	close(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void loop_stat(void)
{
	struct stat info;
	stat("/etc/passwd", &info);
}

static void loop_pipe(void)
{
	check(write(ends[1], buffer, 64) != 64 || read(ends[0], buffer, 64) != 64, "pipe");
}

static void loop_udp(void)
{
	check(write(udp[1], buffer, 64) != 64 || read(udp[0], buffer, 64) != 64, "udp");
}

static void loop_file(void)
{
	check(pwrite(file, buffer, 4096, 0) != 4096 || pread(file, buffer, 4096, 0) != 4096, "file");
}

static void loop_mmap(void)
{
	char *memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory[0] = memory[4096] = 1;
	munmap(memory, 65536);
}

static void loop_fork(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
}

static void loop_mount(void)
{
	check(mount("none", "/mnt", "tmpfs", 0, NULL) || umount2("/mnt", 0), "mount");
}

static const struct {
	const char *name;
	void (*once)(void);
	int times;
} LOOPS[] = {
	{ "getppid", loop_getppid, 80 }, { "open", loop_open, 16 }, { "stat", loop_stat, 30 },
	{ "pipe", loop_pipe, 25 },       { "udp", loop_udp, 10 },   { "file", loop_file, 20 },
	{ "mmap", loop_mmap, 6 },        { "fork", loop_fork, 1 },  { "mount", loop_mount, 3 },
};
#define COUNT (sizeof(LOOPS) / sizeof(*LOOPS))

static double measure(unsigned index)
{
	double start = now();
	for (int n = 0; n < LOOPS[index].times; n++)
		LOOPS[index].once();
	return (now() - start) / LOOPS[index].times;
}

static void measure_alone(const char *target)
{
	for (int round = 0; round < 25; round++)
		for (unsigned i = 0; i < COUNT; i++)
			printf("%s.%s.alone=%.0f\n", target, LOOPS[i].name, measure(i));
}

static int has_tracer(const char *folder)
{
	char path[600], text[32] = "";
	snprintf(path, sizeof path, "%s/current_tracer", folder);
	int tracer = open(path, O_RDONLY);
	if (tracer >= 0 && read(tracer, text, sizeof text - 1) < 0)
		text[0] = 0;
	close(tracer);
	return !strncmp(text, "function_graph", 14);
}

/* Whether any trace buffer has the function graph. */
static int is_armed(void)
{
	int armed = has_tracer(TRACING);
	DIR *all = opendir(TRACING "/instances");
	for (struct dirent *one; all && !armed && (one = readdir(all));) {
		char path[400];
		snprintf(path, sizeof path, TRACING "/instances/%s", one->d_name);
		armed = one->d_name[0] != '.' && has_tracer(path);
	}
	if (all)
		closedir(all);
	return armed;
}

static int has_link(pid_t pid)
{
	char path[600];
	int found = 0;
	snprintf(path, sizeof path, "/proc/%d/fdinfo", pid);
	DIR *files = opendir(path);
	for (struct dirent *one; files && !found && (one = readdir(files));) {
		char text[2048] = "";
		snprintf(path, sizeof path, "/proc/%d/fdinfo/%s", pid, one->d_name);
		int info = open(path, O_RDONLY);
		if (info >= 0 && read(info, text, sizeof text - 1) > 0)
			found = strstr(text, "link_type") != NULL;
		close(info);
	}
	if (files)
		closedir(files);
	return found;
}

static void fail(const char *target)
{
	pid_t child = fork();
	if (child == 0) {
		struct rlimit none = { 0, 0 };
		if (!strcmp(target, "openat")) {
			setrlimit(RLIMIT_NOFILE, &none);
			_exit(open("/etc/passwd", O_RDONLY) >= 0);
		}
		if (!strcmp(target, "write")) {
			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &none);
			_exit(write(file, buffer, 1) == 1);
		}
		_exit(setuid(1000) || !mount("none", "/mnt", "tmpfs", 0, NULL));
	}
	int status;
	waitpid(child, &status, 0);
	check(status, "the call that should fail");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	const char *target = argv[1];
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9999), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	check(pipe(ends), "pipe");
	check((file = open("/tmp/loops.file", O_RDWR | O_CREAT, 0600)) < 0, "file");
	udp[0] = socket(AF_INET, SOCK_DGRAM, 0);
	udp[1] = socket(AF_INET, SOCK_DGRAM, 0);
	check(bind(udp[0], (void *)&address, sizeof address) || connect(udp[1], (void *)&address, sizeof address), "udp");

	measure_alone(target);
	pid_t capture = fork();
	if (capture == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	double start = now(), armed = 0;
	while (!has_link(capture)) {
		usleep(20000);
		check(waitpid(capture, NULL, WNOHANG) == capture || now() - start > 60e9, "waiting for the recorder");
	}
	fail(target);
	start = now();
	while (!is_armed()) {
		usleep(2000);
		check(now() - start > 30e9, "waiting for the graph");
	}
	armed = now();
	int is = 1;
	for (unsigned i = 0; is; i = (i + 1) % COUNT) {
		double time = measure(i);
		/* What the end of it fell into was not armed throughout. */
		if ((is = is_armed()))
			printf("%s.%s.armed=%.0f\n", target, LOOPS[i].name, time);
	}
	printf("%s.seen_ms=%.0f\n", target, (now() - armed) / 1e6);
	kill(capture, SIGTERM);
	int status;
	waitpid(capture, &status, 0);
	check(status, "the recorder");
	measure_alone(target);
	return 0;
}
