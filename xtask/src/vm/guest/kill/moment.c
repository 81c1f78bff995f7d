/* moment PHASE LONGEST_US PROGRAM ARGUMENT...: runs a recorder, waits for a phase of its work, then a random time of so
 * many microseconds at most, and kills it. Prints the phase that it was killed in, as the host's state shows it:
 *   start   nothing is changed yet      arm     the sentinels are being made
 *   count   they are armed              graph   the function graph is armed, or being armed
 *   returns probes of a zoom are made   stop    it was asked to end (by SIGINT, once it counted)
 * With GROUP in its environment it kills the recorder and its helpers at once, as the OOM killer kills a control group.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRACEFS "/sys/kernel/tracing"
#define GROUP "/sys/fs/cgroup/etz-kill"

enum phase { START, ARM, COUNT, GRAPH, RETURNS, STOP, PHASES };
static const char *const names[PHASES] = { "start", "arm", "count", "graph", "returns", "stop" };

/* A phase that does not come within this time is not waited for. */
#define PATIENCE_MS 25000

static int holds(const char *path, const char *word)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len < 0 ? 0 : len] = 0;
	return strstr(text, word) != NULL;
}

/* Whether BPF links are among its open files: it counts from then on. */
static int counts(pid_t pid)
{
	char path[400];
	struct dirent *entry;
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	for (dir = opendir(path); dir && !found && (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		found = holds(path, "link_type");
	}
	if (dir)
		closedir(dir);
	return found;
}

static enum phase phase_of(pid_t pid, int asked)
{
	char path[400];
	struct dirent *entry;
	enum phase phase = START;
	DIR *dir;

	if (asked)
		return STOP;
	if (holds(TRACEFS "/current_tracer", "function_graph"))
		return GRAPH;
	dir = opendir(TRACEFS "/instances");
	while (dir && (entry = readdir(dir))) {
		enum phase seen;

		if (strncmp(entry->d_name, "etz-", 4))
			continue;
		if (strstr(entry->d_name, "-sentinels")) {
			seen = counts(pid) ? COUNT : ARM;
		} else {
			snprintf(path, sizeof(path), TRACEFS "/instances/%s/current_tracer", entry->d_name);
			seen = holds(path, "function_graph") ? GRAPH : RETURNS;
		}
		if (seen > phase)
			phase = seen;
	}
	if (dir)
		closedir(dir);
	return phase;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	enum phase wanted = START, seen = START;
	long started = now_ms();
	unsigned int chance = 0;
	int asked = 0, status, group = getenv("GROUP") != NULL;
	pid_t pid;

	if (argc < 4)
		return 2;
	while (wanted < PHASES && strcmp(names[wanted], argv[1]))
		wanted++;
	if (group)
		mkdir(GROUP, 0755);
	pid = fork();
	if (pid == 0) {
		if (group)
			put(GROUP "/cgroup.procs", "0");
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	while (seen < wanted && now_ms() - started < PATIENCE_MS && !waitpid(pid, &status, WNOHANG)) {
		seen = phase_of(pid, asked);
		if (wanted == STOP && seen >= COUNT && !asked) {
			kill(pid, SIGINT);
			asked = 1;
		}
		usleep(2000);
	}
	getrandom(&chance, sizeof(chance), 0);
	usleep(chance % (atoi(argv[2]) + 1));
	seen = phase_of(pid, asked);
	if (group)
		put(GROUP "/cgroup.kill", "1");
	else
		kill(pid, SIGKILL);
	printf("%s\n", names[seen]);
	fflush(stdout);
	waitpid(pid, &status, 0);
	return 0;
}
