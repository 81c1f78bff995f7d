# The server lives on for a while.
ulimit -i "$(cat /tmp/service.sigpending)"
timeout 2 errlab as 1000 errlab timers 100 -hold | grep errno=0
