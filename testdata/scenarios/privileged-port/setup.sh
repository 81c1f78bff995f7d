cat /proc/sys/net/ipv4/ip_unprivileged_port_start
