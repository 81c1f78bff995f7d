echo 4096 > /proc/sys/kernel/pty/max
