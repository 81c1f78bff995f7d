# 4194304 is the most on 64-bit systems.
echo 4194304 > /tmp/pid_max.conf
