/* package-tool: what a package manager asks before it works: files that need not be there (ENOENT), a link that is none
 * (EINVAL), a folder that exists (EEXIST) and is not empty (ENOTEMPTY), a terminal (ENOTTY), a label (ENODATA). */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

int main(void)
{
	char text[256];
	struct stat preload;
	int null = open("/dev/null", O_RDWR);
	for (;;) {
		if (access("/var/lib/dpkg/lock-frontend", F_OK) && access("/etc/apt/auth.conf", R_OK))
			stat("/etc/ld.so.preload", &preload);
		if (readlink("/proc/mounts", text, sizeof text) > 0 && readlink("/proc", text, sizeof text) < 0)
			ioctl(null, TIOCGWINSZ, text);
		mkdir("/tmp", 0755);
		rmdir("/tmp");
		getxattr("/tmp", "security.capability", text, sizeof text);
		usleep(7300000);
	}
}
