mount -o remount,rw /tmp/assets
