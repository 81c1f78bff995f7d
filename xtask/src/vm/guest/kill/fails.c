/* fails: a system call that fails for a limit, over and over: inotify_add_watch(2) without any watch to give. */
#include <sys/inotify.h>
#include <unistd.h>

int main(void)
{
	int fd = inotify_init1(0);

	for (;;) {
		inotify_add_watch(fd, "/", IN_CREATE);
		usleep(20000);
	}
}
