workers ask /tmp/workers.sock 200
