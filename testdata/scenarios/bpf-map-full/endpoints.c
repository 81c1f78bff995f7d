/* endpoints SIZE COUNT: makes a BPF hash map of SIZE entries and puts COUNT endpoints into it, as a network agent does. */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_HASH,
		.key_size = 8,
		.value_size = 16,
		.max_entries = atoi(argv[1]),
	};
	strcpy(map.map_name, "endpoints");
	int fd = syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map);
	if (fd < 0) {
		perror("map");
		return 2;
	}
	for (unsigned long long key = 0; key < strtoull(argv[2], NULL, 10); key++) {
		char value[16] = "endpoint";
		union bpf_attr entry = {
			.map_fd = fd,
			.key = (unsigned long)&key,
			.value = (unsigned long)value,
		};
		if (syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &entry, sizeof entry)) {
			fprintf(stderr, "endpoint %llu: ", key);
			perror("update");
			return 1;
		}
	}
	return 0;
}
