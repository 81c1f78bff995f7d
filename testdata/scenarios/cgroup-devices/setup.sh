# 7 is the major number of loop devices.
set -e
mkdir /sys/fs/cgroup/container
device-policy /sys/fs/cgroup/container 7
ls -l /dev/loop0
