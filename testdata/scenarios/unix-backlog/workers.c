/* workers serve PATH | workers ask PATH COUNT: an application that listens on a Unix socket, with a backlog of 511, and
 * is too busy to accept; and a web server that opens COUNT connections to it and does not wait. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int failed(const char *call)
{
	perror(call);
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (argc < 3)
		return 2;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[2]);
	if (!strcmp(argv[1], "serve")) {
		int server = socket(AF_UNIX, SOCK_STREAM, 0);
		unlink(argv[2]);
		if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 511))
			return failed(argv[2]);
		puts("listening");
		fflush(stdout);
		pause();
	}
	for (int i = 0; argc > 3 && i < atoi(argv[3]); i++) {
		int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (client < 0)
			return failed("socket");
		if (connect(client, (struct sockaddr *)&address, sizeof address))
			return failed("connect");
	}
	return 0;
}
