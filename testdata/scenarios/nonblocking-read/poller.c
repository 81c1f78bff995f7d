/* poller: reads a nonblocking pipe over and over; every tenth time there is something in it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
	int pipe_fds[2];
	char byte = 0;
	if (pipe2(pipe_fds, O_NONBLOCK))
		return 2;
	for (int i = 0; i < 100; i++) {
		if (i % 10 == 0 && write(pipe_fds[1], &byte, 1) != 1)
			return 2;
		while (read(pipe_fds[0], &byte, 1) == 1)
			;
		usleep(10000);
	}
	return 0;
}
