echo 128 > /proc/sys/fs/fanotify/max_user_groups
