echo 8192 > /proc/sys/fs/inotify/max_user_watches
