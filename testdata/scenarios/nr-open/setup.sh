# The kernel's default, 1048576, stays.
cat /proc/sys/fs/nr_open
