! unshare -p -f errlab forks 600
