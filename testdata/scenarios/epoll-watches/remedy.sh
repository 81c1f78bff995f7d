echo 100000 > /proc/sys/fs/epoll/max_user_watches
