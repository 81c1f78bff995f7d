errlab dropcap "$(cat /tmp/container.drop)" mount -t tmpfs tmpfs /tmp/scratch || exit 1
umount /tmp/scratch
