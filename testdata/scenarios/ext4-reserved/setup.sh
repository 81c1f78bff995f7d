truncate -s 16M /tmp/data.img
mke2fs -F -m 20 /tmp/data.img > /dev/null || exit 1
mkdir /tmp/data
mount -t ext4 -o loop /tmp/data.img /tmp/data || exit 1
chown 1000 /tmp/data
errlab as 1000 errlab fill /tmp/data/old 10000
stat -f /tmp/data
