nft -f - << 'END'
table ip host {
  chain output {
    type filter hook output priority filter; policy accept;
    udp dport 514 drop
  }
}
END
