chattr -i /etc/resolv.conf
