# The user may have what is reserved; tune2fs -m 0 would do the same for all.
mount -o remount,resuid=1000 /tmp/data
