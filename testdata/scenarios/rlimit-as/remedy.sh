echo unlimited > /tmp/service.as
