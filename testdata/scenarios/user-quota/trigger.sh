errlab as 1000 dd if=/dev/zero of=/srv/home/user/new bs=64k count=16
status=$?
rm -f /srv/home/user/new
exit $status
