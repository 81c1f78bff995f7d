echo 65536 > /proc/sys/net/netfilter/nf_conntrack_max
