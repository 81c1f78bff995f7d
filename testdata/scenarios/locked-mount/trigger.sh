errlab as 1000 unshare -U -r -m mount -o remount,bind,rw none /tmp/assets
