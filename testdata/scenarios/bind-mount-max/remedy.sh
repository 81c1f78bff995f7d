echo 100000 > /proc/sys/fs/mount-max
