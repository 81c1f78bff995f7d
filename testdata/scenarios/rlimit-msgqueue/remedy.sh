echo 819200 > /tmp/service.msgqueue
