! unshare -p -f errlab forks 300
