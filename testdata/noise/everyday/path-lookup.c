/* path-lookup: a user's program finds its helper along a PATH, as execvp(3) does. One folder is root's (EACCES), others
 * lack the helper (ENOENT), the last one has it: this program again, which then ends at once. */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH "/tmp/.private/bin:/usr/local/games:/usr/games:/proc/self"

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	mkdir("/tmp/.private", 0700);
	if (setgid(2000) || setuid(2000))
		return 1;
	setenv("PATH", PATH, 1);
	for (;;) {
		pid_t child = fork();
		if (child == 0) {
			execlp("exe", "helper", "once", NULL);
			_exit(127);
		}
		waitpid(child, NULL, 0);
		usleep(4300000);
	}
}
