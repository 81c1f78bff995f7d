echo 9999999 > /tmp/pid_max.conf
