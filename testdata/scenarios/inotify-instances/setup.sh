# The user's other programs have all of the 16 instances.
set -e
echo 16 > /proc/sys/fs/inotify/max_user_instances
hold errlab as 1000 errlab inoinst 16 -hold
