echo 16000 > /proc/sys/kernel/threads-max
