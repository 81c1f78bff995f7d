echo 100000 > /proc/sys/fs/file-max
