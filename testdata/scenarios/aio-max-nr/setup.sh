# The other instances have 4000 of the 4096 events.
set -e
echo 4096 > /proc/sys/fs/aio-max-nr
hold errlab aio 1000 4 -hold
