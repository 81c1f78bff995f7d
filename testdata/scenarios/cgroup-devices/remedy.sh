device-policy /sys/fs/cgroup/container 0
