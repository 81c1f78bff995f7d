echo 32768 60999 > /proc/sys/net/ipv4/ip_local_port_range
