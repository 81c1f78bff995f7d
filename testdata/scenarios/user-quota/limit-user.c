/* limit-user DIRECTORY UID KIB: sets the hard limit of the user's blocks in the file system; 0 is none. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/quota.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	struct dqblk limits = { .dqb_bhardlimit = atoi(argv[3]), .dqb_valid = QIF_BLIMITS };
	int directory = open(argv[1], O_RDONLY);
	if (syscall(SYS_quotactl_fd, directory, QCMD(Q_SETQUOTA, USRQUOTA), atoi(argv[2]), &limits)) {
		perror("quotactl_fd");
		return 1;
	}
	return 0;
}
