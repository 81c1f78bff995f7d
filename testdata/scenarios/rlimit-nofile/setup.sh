echo 32 > /tmp/service.nofile
