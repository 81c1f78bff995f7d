echo 18446744073692774399 > /proc/sys/kernel/shmmax
