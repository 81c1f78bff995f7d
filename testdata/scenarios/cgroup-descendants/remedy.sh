echo max > /sys/fs/cgroup/pods/cgroup.max.descendants
