mount -o bind /tmp/from /tmp/to || exit 1
umount /tmp/to
