echo 1024 > /tmp/service.nofile
