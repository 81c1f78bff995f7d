echo options edns0 >> /etc/resolv.conf
