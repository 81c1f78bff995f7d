# Four containers are there, and none may be added.
set -e
mkdir /sys/fs/cgroup/pods
mkdir /sys/fs/cgroup/pods/1 /sys/fs/cgroup/pods/2 /sys/fs/cgroup/pods/3 /sys/fs/cgroup/pods/4
echo 4 > /sys/fs/cgroup/pods/cgroup.max.descendants
