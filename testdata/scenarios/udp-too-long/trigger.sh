! errlab udp 127.0.0.1 12201 "$(cat /tmp/report.size)"
