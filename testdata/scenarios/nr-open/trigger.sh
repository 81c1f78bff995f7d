ulimit -n 2000000
