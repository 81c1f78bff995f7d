mount -t overlay -o lowerdir="$(cat /srv/layers)" o3 /srv/m3 || exit 1
umount /srv/m3
