echo $$ > /sys/fs/cgroup/batch/cgroup.procs
! errlab forks 10
