cat /proc/sys/net/ipv4/igmp_max_memberships
