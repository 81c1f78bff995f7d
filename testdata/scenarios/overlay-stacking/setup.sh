set -e
mkdir -p /srv/l/a /srv/l/b /srv/m1 /srv/m2 /srv/m3
echo x > /srv/l/a/file
mount -t overlay -o lowerdir=/srv/l/a:/srv/l/b o1 /srv/m1
mount -t overlay -o lowerdir=/srv/m1:/srv/l/b o2 /srv/m2
echo /srv/m2:/srv/l/b > /srv/layers
