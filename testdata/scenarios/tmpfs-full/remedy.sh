mount -o remount,size=8m /tmp/spool
