! errlab fds 1000
