# For sockets made from now on.
echo 512 > /proc/sys/net/unix/max_dgram_qlen
