/* lockfile PATH: tries five times to create the file. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	for (int i = 0; i < 5; i++) {
		int fd = open(argv[1], O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd >= 0) {
			close(fd);
			return unlink(argv[1]);
		}
		usleep(100000);
	}
	perror(argv[1]);
	return 1;
}
