echo 8192 > /tmp/service.memlock
