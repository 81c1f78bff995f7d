echo 2097152 > /proc/sys/fs/nr_open
