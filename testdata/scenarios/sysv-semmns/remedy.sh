echo 250 32000 32 128 > /proc/sys/kernel/sem
