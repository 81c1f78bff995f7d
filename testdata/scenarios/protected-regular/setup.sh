echo 1 > /proc/sys/fs/protected_regular
touch /tmp/service.state
chmod 666 /tmp/service.state
chown 1000 /tmp/service.state
ls -ld /tmp /tmp/service.state
