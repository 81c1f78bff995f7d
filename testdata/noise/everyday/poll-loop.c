/* poll-loop: polls a pipe, a datagram socket and its children without waiting (EAGAIN, ECHILD). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int input[2], packets[2];
	char byte;
	if (pipe2(input, O_NONBLOCK) || socketpair(AF_UNIX, SOCK_DGRAM, 0, packets))
		return 1;
	for (;;) {
		if (read(input[0], &byte, 1) < 0 && recv(packets[0], &byte, 1, MSG_DONTWAIT) < 0)
			waitpid(-1, NULL, WNOHANG);
		usleep(2300000);
	}
}
