! errlab as 1000 errlab ptrace "$(cat /tmp/server.pid)"
