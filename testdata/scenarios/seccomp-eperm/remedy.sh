rm /tmp/service.filter
