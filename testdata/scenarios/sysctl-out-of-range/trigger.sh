sysctl -w kernel.pid_max="$(cat /tmp/pid_max.conf)"
