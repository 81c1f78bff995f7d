/* spooler: keeps its jobs on a small tmpfs of its own, which is full (ENOSPC). */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPOOL "/var/spool/print"

int main(void)
{
	static char block[65536];
	mkdir("/var", 0755);
	mkdir("/var/spool", 0755);
	mkdir(SPOOL, 0755);
	if (mount("spool", SPOOL, "tmpfs", 0, "size=256k"))
		return 1;
	int old = open(SPOOL "/old", O_CREAT | O_WRONLY, 0600);
	for (int blocks = 0; blocks < 4; blocks++)
		if (write(old, block, sizeof block) < 0)
			break;
	for (;;) {
		int job = open(SPOOL "/job", O_CREAT | O_WRONLY | O_TRUNC, 0600);
		if (write(job, block, 4096) < 0)
			unlink(SPOOL "/job");
		close(job);
		usleep(4700000);
	}
}
