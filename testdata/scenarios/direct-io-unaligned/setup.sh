truncate -s 16M /tmp/log.img
losetup /dev/loop0 /tmp/log.img
echo 1000 > /tmp/record.bytes
