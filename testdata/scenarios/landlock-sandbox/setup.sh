mkdir -m 777 /tmp/cache /tmp/reports
echo /tmp/cache > /tmp/writable
