nc -w 1 127.0.0.1 8080 < /dev/null
