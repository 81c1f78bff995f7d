! errlab dlfork "$(cat /tmp/worker.flags)"
