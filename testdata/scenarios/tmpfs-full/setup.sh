# A small tmpfs, full of an older file.
mkdir -p /tmp/spool
mount -t tmpfs -o size=4m tmpfs /tmp/spool || exit 1
dd if=/dev/zero of=/tmp/spool/old bs=64k 2> /dev/null
exit 0
