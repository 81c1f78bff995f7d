# CAP_SYS_TIME stays dropped.
echo 25 > /tmp/container.drop
