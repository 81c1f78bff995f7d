/* watchpoints COUNT: watches COUNT variables of its own for writes, as a tracer does. */
#define _GNU_SOURCE
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static long variables[64];

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	for (int i = 0; i < count && i < 64; i++) {
		struct perf_event_attr event = {
			.type = PERF_TYPE_BREAKPOINT,
			.size = sizeof event,
			.bp_type = HW_BREAKPOINT_W,
			.bp_addr = (unsigned long)&variables[i],
			.bp_len = sizeof variables[i],
			.sample_period = 1,
			.exclude_kernel = 1,
			.exclude_hv = 1,
		};
		if (syscall(SYS_perf_event_open, &event, 0, -1, -1, 0) < 0) {
			fprintf(stderr, "variable %d: ", i);
			perror("watch");
			return 1;
		}
	}
	return 0;
}
