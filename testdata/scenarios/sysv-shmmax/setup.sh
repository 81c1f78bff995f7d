echo 33554432 > /proc/sys/kernel/shmmax
