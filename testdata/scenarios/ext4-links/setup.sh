truncate -s 32M /tmp/backup.img
mke2fs -F /tmp/backup.img > /dev/null || exit 1
mkdir /tmp/backup
mount -t ext4 -o loop /tmp/backup.img /tmp/backup || exit 1
echo same > /tmp/backup/blob
snapshots /tmp/backup/blob /tmp/backup 200 325
ls -l /tmp/backup/blob
