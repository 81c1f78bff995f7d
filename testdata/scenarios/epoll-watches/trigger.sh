! errlab as 1000 errlab epoll 50
