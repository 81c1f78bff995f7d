! errlab udp 127.0.0.1 514 100
