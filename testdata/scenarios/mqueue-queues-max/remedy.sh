echo 256 > /proc/sys/fs/mqueue/queues_max
