echo $$ > /sys/fs/cgroup/container/cgroup.procs
blockdev --getsize64 /dev/loop0
