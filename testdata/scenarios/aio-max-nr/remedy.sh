echo 1048576 > /proc/sys/fs/aio-max-nr
