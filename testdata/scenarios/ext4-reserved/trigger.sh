errlab as 1000 dd if=/dev/zero of=/tmp/data/new bs=64k count=4
status=$?
rm -f /tmp/data/new
exit $status
