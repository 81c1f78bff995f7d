ulimit -u "$(cat /tmp/user.nproc)"
! errlab as 1000 errlab forks 10
