echo 32 > /tmp/service.sigpending
