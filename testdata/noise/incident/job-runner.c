/* job-runner: starts four jobs at once every now and then, but its control group lets it have two (fork: EAGAIN). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP "/sys/fs/cgroup/job-runner"

static void put(const char *path, int number)
{
	FILE *file = fopen(path, "w");
	if (file) {
		fprintf(file, "%d\n", number);
		fclose(file);
	}
}

int main(void)
{
	mkdir(GROUP, 0755);
	put(GROUP "/pids.max", 3);
	put(GROUP "/cgroup.procs", getpid());
	for (;;) {
		for (int job = 0; job < 4; job++)
			if (fork() == 0) {
				usleep(200000);
				_exit(0);
			}
		while (wait(NULL) > 0)
			;
		usleep(11300000);
	}
}
