dd if=/dev/zero of=/tmp/spool/new bs=64k count=4
status=$?
rm -f /tmp/spool/new
exit $status
