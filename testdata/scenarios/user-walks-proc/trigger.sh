errlab as 1000 find /proc/1 -maxdepth 2 -name status > /dev/null
