# Ten messages of 8 KiB.
ulimit -q "$(cat /tmp/service.msgqueue)"
! errlab as 1000 errlab mq 10 8192
status=$?
rm -f /dev/mqueue/errlab*
exit $status
