listen "$(cat /tmp/socket.path)"
