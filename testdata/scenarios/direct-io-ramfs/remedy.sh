umount /srv/db
truncate -s 32M /tmp/db.img
mke2fs -F /tmp/db.img
mount -t ext4 -o loop /tmp/db.img /srv/db
