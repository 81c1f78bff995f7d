/* ipc shm BYTES | ipc sem COUNT | ipc mq: takes one IPC object, as a server does when it starts, and gives it back. */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

static int failed(const char *call)
{
	perror(call);
	return 1;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	long size = argc > 2 ? atol(argv[2]) : 1;
	if (!strcmp(kind, "shm")) {
		int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
		return id < 0 ? failed("shmget") : shmctl(id, IPC_RMID, NULL);
	}
	if (!strcmp(kind, "sem")) {
		int id = semget(IPC_PRIVATE, size, IPC_CREAT | 0600);
		return id < 0 ? failed("semget") : semctl(id, 0, IPC_RMID);
	}
	if (!strcmp(kind, "mq")) {
		struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 64 };
		mqd_t queue = mq_open("/ipc", O_CREAT | O_RDWR, 0600, &attr);
		return queue < 0 ? failed("mq_open") : mq_unlink("/ipc");
	}
	return 2;
}
