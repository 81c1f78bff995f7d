umount /tmp/containers/old/shm
