/*
 * Loops of system calls that the sentinels' functions are part of, timed with the sentinels on and off by turns.
 *
 *     loops SECONDS capture ARG...
 *
 * Starts the recorder, waits until it is armed, then switches the sentinels' events off and on again in its own
 * trace buffer, and times the loops each time: all else that the recorder does is the same in both. Before and
 * after, the loops are timed without any recorder. Prints `key=value` lines: times in nanoseconds per iteration, in
 * the order in which they were measured.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INSTANCES "/sys/kernel/tracing/instances"

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static void loop_fork(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
}

static void loop_open(void)
{
	close(open("/proc/self/comm", O_RDONLY | O_CLOEXEC));
}

static void loop_mount(void)
{
	if (mount("none", "/mnt", "tmpfs", 0, NULL) || umount2("/mnt", 0)) {
		perror("mount");
		exit(1);
	}
}

static const struct {
	const char *name;
	void (*once)(void);
	int times;
} LOOPS[] = {
	{ "fork", loop_fork, 60 },
	{ "open", loop_open, 1500 },
	{ "mount", loop_mount, 60 },
};
#define COUNT (sizeof(LOOPS) / sizeof(*LOOPS))

/* One timing of each loop. */
static void measure(const char *variant)
{
	for (unsigned i = 0; i < COUNT; i++) {
		LOOPS[i].once();
		double start = now();
		for (int n = 0; n < LOOPS[i].times; n++)
			LOOPS[i].once();
		printf("%s.%s=%.0f\n", LOOPS[i].name, variant, (now() - start) / LOOPS[i].times);
	}
}

static int read_first(const char *path)
{
	char text[64] = "";
	int file = open(path, O_RDONLY);
	if (file >= 0) {
		if (read(file, text, sizeof text - 1) < 0)
			text[0] = 0;
		close(file);
	}
	return text[0];
}

/* How many groups of probes the recorder's instance has; with `value`, switches each of them. Adds up their events. */
static int groups(const char *instance, const char *value, int *events)
{
	char path[800];
	int count = 0;
	snprintf(path, sizeof path, "%s/events", instance);
	DIR *all = opendir(path);
	for (struct dirent *group; all && (group = readdir(all));) {
		if (strncmp(group->d_name, "etz_", 4))
			continue;
		count++;
		if (!value)
			continue;
		snprintf(path, sizeof path, "%s/events/%s/enable", instance, group->d_name);
		int file = open(path, O_WRONLY);
		if (file < 0 || write(file, value, 1) != 1)
			perror(path);
		close(file);
		snprintf(path, sizeof path, "%s/events/%s", instance, group->d_name);
		DIR *members = opendir(path);
		for (struct dirent *event; members && (event = readdir(members));)
			*events += event->d_type == DT_DIR && event->d_name[0] != '.';
		closedir(members);
	}
	if (all)
		closedir(all);
	return count;
}

static int has_link(pid_t pid)
{
	char path[600];
	int found = 0;
	snprintf(path, sizeof path, "/proc/%d/fdinfo", pid);
	DIR *files = opendir(path);
	for (struct dirent *file; files && !found && (file = readdir(files));) {
		char text[2048] = "";
		snprintf(path, sizeof path, "/proc/%d/fdinfo/%s", pid, file->d_name);
		int info = open(path, O_RDONLY);
		if (info >= 0 && read(info, text, sizeof text - 1) > 0)
			found = strstr(text, "link_type") != NULL;
		close(info);
	}
	if (files)
		closedir(files);
	return found;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	double seconds = atof(argv[1]);
	for (int round = 0; round < 8; round++)
		measure("alone");

	double start = now(), begun = 0, armed = 0, recording = 0;
	pid_t capture = fork();
	if (capture == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	char instance[300], tracing_on[400];
	snprintf(instance, sizeof instance, INSTANCES "/etz-%d-sentinels", capture);
	snprintf(tracing_on, sizeof tracing_on, "%s/tracing_on", instance);
	while (!recording || !armed) {
		usleep(2000);
		if (!begun && !access(instance, F_OK))
			begun = now();
		/* It switches a new instance off until the probes are there. */
		if (begun && !armed && groups(instance, NULL, NULL) && read_first(tracing_on) == '1')
			armed = now();
		if (!recording && has_link(capture))
			recording = now();
		if (waitpid(capture, NULL, WNOHANG) == capture || now() - start > 60e9) {
			fprintf(stderr, "the recorder does not record\n");
			return 1;
		}
	}
	printf("arming_ms=%.0f\nstarted_ms=%.0f\n", (armed - begun) / 1e6, ((recording > armed ? recording : armed) - start) / 1e6);
	/* The recorder takes a snapshot first. */
	sleep(2);
	double end = now() + seconds * 1e9;
	int events = 0;
	while (now() < end) {
		events = 0;
		groups(instance, "0", &events);
		usleep(20000);
		measure("off");
		groups(instance, "1", &(int){0});
		usleep(20000);
		measure("on");
	}
	printf("events=%d\n", events);
	kill(capture, SIGTERM);
	waitpid(capture, NULL, 0);
	for (int round = 0; round < 8; round++)
		measure("alone");
	return 0;
}
