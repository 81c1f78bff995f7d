ulimit -v "$(cat /tmp/service.as)"
! errlab mapbig 200000000
