/* table FILE: writes one page of a table without the page cache, as databases do. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	void *page;
	if (argc < 2 || posix_memalign(&page, 4096, 4096))
		return 2;
	memset(page, 0, 4096);
	int fd = open(argv[1], O_RDWR | O_CREAT | O_DIRECT, 0644);
	if (fd < 0 || pwrite(fd, page, 4096, 0) != 4096) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
