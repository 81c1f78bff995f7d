echo /tmp/reports > /tmp/writable
