echo /run/change.sock > /tmp/socket.path
