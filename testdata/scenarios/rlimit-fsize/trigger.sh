# Many runtimes ignore SIGXFSZ, which would kill the program before it could report the error.
trap '' XFSZ
ulimit -f "$(cat /tmp/service.fsize)"
dd if=/dev/zero of=/tmp/service.log bs=64k count=32
status=$?
rm -f /tmp/service.log
exit $status
