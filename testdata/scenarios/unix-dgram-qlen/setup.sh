cat /proc/sys/net/unix/max_dgram_qlen
