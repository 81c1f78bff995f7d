echo 200000 > /proc/sys/kernel/keys/maxbytes
