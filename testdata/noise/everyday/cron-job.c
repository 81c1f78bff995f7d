/* cron-job: a user's job that takes what it may not have, and goes on without: a higher limit (EPERM), a better
 * priority (EACCES), real-time scheduling (EPERM). It is a new process each time, and gone at once. */
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int job(void)
{
	if (setgid(2000) || setuid(2000))
		return 1;
	struct rlimit limit;
	getrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = limit.rlim_max = 1 << 20;
	setrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = limit.rlim_max = 2 << 20;
	setrlimit(RLIMIT_CORE, &limit);
	setpriority(PRIO_PROCESS, 0, -5);
	struct sched_param real_time = { .sched_priority = 1 };
	sched_setscheduler(0, SCHED_FIFO, &real_time);
	return 0;
}

int main(void)
{
	for (;;) {
		pid_t child = fork();
		if (child == 0)
			_exit(job());
		waitpid(child, NULL, 0);
		usleep(5300000);
	}
}
