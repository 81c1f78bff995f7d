/* switch-user: what su(1) and PAM try on behalf of a user who may not: root's id (EPERM), the audit login id
 * (EACCES), a keyring that was never made (ENOKEY). No key is made here either: key quotas stay as they were. */
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	if (setgid(2000) || setuid(2000))
		return 1;
	for (;;) {
		if (setuid(0) < 0) {
			int login = open("/proc/self/loginuid", O_WRONLY);
			if (login >= 0 && write(login, "0", 1) < 0)
				close(login);
		}
		syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0);
		usleep(6700000);
	}
}
