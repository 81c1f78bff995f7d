# An agent that runs as a user of its own, as packages of agents set it up.
errlab as 1000 cat "/proc/$(cat /run/server.pid)/status" > /dev/null
