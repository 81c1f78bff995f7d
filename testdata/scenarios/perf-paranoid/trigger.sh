# A software event, user and kernel.
! errlab as 1000 errlab perf 1 0 0
