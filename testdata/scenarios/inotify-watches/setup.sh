# A first watcher takes 60 of the 64 watches and keeps them.
set -e
echo 64 > /proc/sys/fs/inotify/max_user_watches
hold errlab inowatch /tmp/first 60 -hold
