/* cache FILE MIB: fills FILE as an in-memory cache. It is locked into memory, for at its control group's limit a page
 * fault of a process that the OOM killer spares would wait for ever. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char block[65536];

int main(int argc, char **argv)
{
	int file = argc == 3 ? open(argv[1], O_CREAT | O_WRONLY, 0644) : -1, status = 0;
	if (file < 0 || mlockall(MCL_CURRENT | MCL_FUTURE))
		return 2;
	for (int i = 0; !status && i < atoi(argv[2]) * 16; i++)
		status = write(file, block, sizeof block) < 0;
	if (ftruncate(file, 0))
		return 2;
	fputs(status ? "not all was written\n" : "all was written\n", stderr);
	return status;
}
