mkdir -p /srv/image/old /srv/host
cp /bin/busybox /srv/image/ 2> /dev/null || cp /etz/busybox /srv/image/
echo / > /srv/root
