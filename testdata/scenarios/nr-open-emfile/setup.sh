echo 512 > /proc/sys/fs/nr_open
