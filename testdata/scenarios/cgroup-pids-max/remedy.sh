echo 200 > /sys/fs/cgroup/batch/pids.max
