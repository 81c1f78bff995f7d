echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start
