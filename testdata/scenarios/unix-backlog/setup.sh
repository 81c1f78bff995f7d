# Connections wait in the queue after their clients have given up, so it stays full.
set -e
echo 128 > /proc/sys/net/core/somaxconn
hold sh -c 'echo $$ > /tmp/workers.pid; exec workers serve /tmp/workers.sock'
