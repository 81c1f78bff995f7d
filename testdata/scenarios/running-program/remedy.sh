kill "$(cat /tmp/server.pid)"
