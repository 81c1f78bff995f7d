echo 1048576 > /proc/sys/fs/nr_open
