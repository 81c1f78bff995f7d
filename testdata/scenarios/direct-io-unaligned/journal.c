/* journal FILE BYTES: writes a record of so many bytes without the page cache, as write-ahead logs do. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	void *record;
	if (argc < 3 || posix_memalign(&record, 4096, 65536))
		return 2;
	memset(record, 0, 65536);
	size_t bytes = strtoul(argv[2], NULL, 10);
	int fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0 || bytes > 65536)
		return 2;
	if (pwrite(fd, record, bytes, 0) != (ssize_t)bytes) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
