ip route del blackhole 198.51.100.0/24
ip route add 198.51.100.0/24 dev lo
