# A pool of connections has all of the ports.
set -e
echo 40000 40031 > /proc/sys/net/ipv4/ip_local_port_range
hold errlab connects 127.0.0.1 8080 32 -hold
