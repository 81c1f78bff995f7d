echo 65536 > /tmp/service.msgqueue
