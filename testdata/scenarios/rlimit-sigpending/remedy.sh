echo 3000 > /tmp/service.sigpending
