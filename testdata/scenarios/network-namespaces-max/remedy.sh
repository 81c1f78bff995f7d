echo 4096 > /proc/sys/user/max_net_namespaces
