ulimit -n 8192
! errlab as 1000 errlab fds 600
