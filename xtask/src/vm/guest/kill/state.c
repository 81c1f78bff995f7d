/* state: prints all of the host's state that a recorder could leave changed, one line a file: the settings of
 * tracefs, BPF programs, links and maps, files under /run/etz-capture, and processes of the recorder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRACEFS "/sys/kernel/tracing"

/* Not settings: data, counters, descriptions, or files whose reading consumes. */
static const char *const skipped[] = {
	"README", "available_events", "available_filter_functions", "available_filter_functions_addrs",
	"available_tracers", "dyn_ftrace_total_info", "eval_map", "format", "free_buffer", "hist", "hist_debug", "id",
	"kprobe_profile", "last_boot_info", "printk_formats", "saved_cmdlines", "saved_tgids", "snapshot",
	"snapshot_raw", "stats", "subsystem_entries", "timestamp_mode", "trace", "trace_clock_sync", "trace_marker",
	"trace_marker_raw", "trace_options", "trace_pipe", "trace_pipe_raw", "trace_stat", "uprobe_profile",
	"touched_functions",
};

static int is_skipped(const char *name)
{
	for (size_t i = 0; i < sizeof(skipped) / sizeof(*skipped); i++)
		if (!strcmp(name, skipped[i]))
			return 1;
	return 0;
}

/* Of the thousands of events only the systems' own files are read, which sum up their events, and those of the
 * recorder's system whole. */
static int is_summed_up(const char *dir)
{
	const char *system = dir + strlen(TRACEFS "/events/");

	return !strncmp(dir, TRACEFS "/events/", strlen(TRACEFS "/events/")) && strchr(system, '/') &&
	       strncmp(system, "raw_syscalls/", strlen("raw_syscalls/"));
}

/* A buffer that was used once is allocated for good: "7 (expanded: 1408)" and "7" are the same setting. */
static void print_setting(const char *path, char *text)
{
	char *expanded = strstr(text, " (expanded");

	if (expanded)
		strcpy(expanded, "\n");
	printf("%s:", path);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			fputs("\\n", stdout);
		else
			putchar(*c);
	putchar('\n');
}

static void print_file(const char *path)
{
	static char text[1 << 16];
	size_t len = 0;
	ssize_t more;
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return;
	while (len < sizeof(text) - 1 && (more = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += more;
	close(fd);
	text[len] = 0;
	print_setting(path, text);
}

static void walk(const char *dir)
{
	struct dirent **names;
	int count = scandir(dir, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char path[1024];
		struct stat data;
		const char *name = names[i]->d_name;

		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (strcmp(name, ".") && strcmp(name, "..") && !is_skipped(name) && !lstat(path, &data)) {
			if (S_ISDIR(data.st_mode)) {
				printf("%s/\n", path);
				if (!is_summed_up(path))
					walk(path);
			} else if (S_ISREG(data.st_mode) && data.st_mode & 0444) {
				print_file(path);
			}
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static void count_bpf(const char *what, int command)
{
	union bpf_attr attr = { 0 };
	int count = 0;

	while (!syscall(SYS_bpf, command, &attr, sizeof(attr))) {
		attr.start_id = attr.next_id;
		count++;
	}
	printf("%s: %d\n", what, count);
}

/* Prints the recorder's processes but those that are dead already. */
static void processes(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char path[300], text[300];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%.20s/stat", entry->d_name);
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || !(file = fopen(path, "r")))
			continue;
		if (fgets(text, sizeof(text), file) && strstr(text, "(capture)") && !strstr(text, ") Z "))
			printf("process: capture\n");
		fclose(file);
	}
	if (proc)
		closedir(proc);
}

int main(void)
{
	walk(TRACEFS);
	print_file("/proc/sys/kernel/bpf_stats_enabled");
	print_file("/proc/sys/kernel/ftrace_enabled");
	print_file("/sys/kernel/rcu_expedited");
	walk("/run/etz-capture");
	count_bpf("BPF programs", BPF_PROG_GET_NEXT_ID);
	count_bpf("BPF links", BPF_LINK_GET_NEXT_ID);
	count_bpf("BPF maps", BPF_MAP_GET_NEXT_ID);
	processes();
	return 0;
}
