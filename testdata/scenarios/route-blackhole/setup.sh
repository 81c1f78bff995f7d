ip route add blackhole 198.51.100.0/24
ip route
