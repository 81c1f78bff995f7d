rm -r /tmp/containers/old || exit 1
mkdir -p /tmp/containers/old/shm
