mount -o remount,hidepid=off /proc
