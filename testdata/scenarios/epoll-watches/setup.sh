# Another server of the user's watches 990 descriptors of 1000.
set -e
echo 1000 > /proc/sys/fs/epoll/max_user_watches
hold errlab as 1000 errlab epoll 990 -hold
