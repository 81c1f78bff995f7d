# Small messages have taken every inode of a file system that was made for large files.
truncate -s 16M /tmp/spool.img
mke2fs -F -i 262144 /tmp/spool.img > /dev/null || exit 1
mkdir /tmp/spool
mount -t ext4 -o loop /tmp/spool.img /tmp/spool || exit 1
errlab creat /tmp/spool 10000
df -k /tmp/spool
df -i /tmp/spool
