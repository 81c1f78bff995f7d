echo 100 > /proc/sys/net/ipv4/igmp_max_memberships
