ulimit -l "$(cat /tmp/service.memlock)"
! errlab as 1000 errlab mlock 16777216
