/* surface SEALS: shares a buffer with a display server, with these F_SEAL_* bits, and then needs a larger one. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int buffer = memfd_create("surface", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (argc != 2 || buffer < 0 || ftruncate(buffer, 1 << 20) || fcntl(buffer, F_ADD_SEALS, atoi(argv[1])))
		return 2;
	if (ftruncate(buffer, 4 << 20)) {
		perror("ftruncate");
		return 1;
	}
	return 0;
}
