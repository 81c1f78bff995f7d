ulimit -n "$(cat /tmp/service.nofile)"
! errlab fds 100
