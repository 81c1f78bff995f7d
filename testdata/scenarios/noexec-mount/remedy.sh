mount -o remount,exec /tmp/app
