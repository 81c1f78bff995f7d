/* ticker: waits for events that never come, and is interrupted by a timer twenty times. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/time.h>

static void tick(int signal)
{
	(void)signal;
}

int main(void)
{
	struct sigaction action = { .sa_handler = tick };
	struct itimerval interval = { { 0, 50000 }, { 0, 50000 } };
	struct epoll_event event;
	int epoll = epoll_create1(0);
	if (epoll < 0 || sigaction(SIGALRM, &action, 0) || setitimer(ITIMER_REAL, &interval, 0))
		return 2;
	for (int i = 0; i < 20; i++)
		if (epoll_pwait(epoll, &event, 1, -1, 0) >= 0 || errno != EINTR)
			return 1;
	return 0;
}
