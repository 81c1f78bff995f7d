! errlab inowatch /tmp/second 10
