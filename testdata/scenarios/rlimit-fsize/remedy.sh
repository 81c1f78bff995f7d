echo unlimited > /tmp/service.fsize
