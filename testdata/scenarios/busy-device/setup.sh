set -e
truncate -s 8M /tmp/data.img
losetup /dev/loop0 /tmp/data.img
mke2fs -F /dev/loop0 > /dev/null
mkdir /tmp/data
mount -t ext4 /dev/loop0 /tmp/data
