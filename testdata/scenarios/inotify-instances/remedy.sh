echo 128 > /proc/sys/fs/inotify/max_user_instances
