echo 256M > /sys/fs/cgroup/cache/memory.max
