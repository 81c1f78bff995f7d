/* snapshots FILE DIRECTORY COUNT LINKS: makes COUNT directories in DIRECTORY, with up to LINKS hard links to FILE each. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[4096];
	long made = 0;
	for (int i = 0; argc == 5 && i < atoi(argv[3]); i++) {
		snprintf(path, sizeof path, "%s/%d", argv[2], i);
		mkdir(path, 0755);
		for (int k = 0; k < atoi(argv[4]); k++) {
			snprintf(path, sizeof path, "%s/%d/%d", argv[2], i, k);
			made += !link(argv[1], path);
		}
	}
	printf("%ld links\n", made);
	return !made;
}
