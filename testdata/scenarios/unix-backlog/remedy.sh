# A listener takes the limit over when it starts.
echo 4096 > /proc/sys/net/core/somaxconn
kill "$(cat /tmp/workers.pid)"
hold workers serve /tmp/workers.sock
