mount -o remount,exec /tmp/native
