touch /tmp/service.filter
