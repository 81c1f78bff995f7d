echo 4096 > /tmp/record.bytes
