/* in-use DEVICE: exit status 1 if a file system or another program has claimed the block device. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	int fd = open(argv[1], O_RDONLY | O_EXCL);
	if (fd >= 0)
		return close(fd);
	return errno == EBUSY ? 1 : 2;
}
