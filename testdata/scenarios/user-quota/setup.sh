set -e
truncate -s 32M /tmp/home.img
mkfs.ext4 -q -F -O quota /tmp/home.img
mkdir -p /srv/home
mount -o loop,usrquota /tmp/home.img /srv/home
mkdir /srv/home/user
chown 1000 /srv/home/user
limit-user /srv/home 1000 2048
errlab as 1000 dd if=/dev/zero of=/srv/home/user/old bs=64k count=24
df /srv/home
