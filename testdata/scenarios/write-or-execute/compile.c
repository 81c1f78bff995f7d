/* compile DENY: writes a function and makes it executable, as a just-in-time compiler does; with DENY 1 under
 * PR_SET_MDWE (6.3), which systemd sets for MemoryDenyWriteExecute=. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

int main(int argc, char **argv)
{
	if (argc > 1 && atoi(argv[1]) && prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)) {
		perror("PR_SET_MDWE");
		return 2;
	}
	void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		return 2;
	memset(code, 0, 4096);
	if (mprotect(code, 4096, PROT_READ | PROT_EXEC)) {
		perror("cannot make code executable");
		return 1;
	}
	return 0;
}
