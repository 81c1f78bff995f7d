/* listen PATH: listens on a Unix socket. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	union {
		struct sockaddr_un address;
		char bytes[4096];
	} name = { .address.sun_family = AF_UNIX };
	if (argc < 2 || strlen(argv[1]) + sizeof(sa_family_t) >= sizeof name)
		return 2;
	strcpy(name.bytes + offsetof(struct sockaddr_un, sun_path), argv[1]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink(argv[1]);
	if (bind(fd, (void *)&name, offsetof(struct sockaddr_un, sun_path) + strlen(argv[1]) + 1)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
