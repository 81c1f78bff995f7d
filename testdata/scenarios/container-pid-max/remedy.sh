echo 32768 > /proc/sys/kernel/pid_max
