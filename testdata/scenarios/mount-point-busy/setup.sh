set -e
mkdir -p /tmp/containers/old/shm
mount -t tmpfs tmpfs /tmp/containers/old/shm
