set -e
echo nameserver 127.0.0.1 > /etc/resolv.conf
chmod 644 /etc/resolv.conf
chattr +i /etc/resolv.conf
ls -l /etc/resolv.conf
