filtered /tmp/service.filter /tmp/cache
