! errlab udpauto 127.0.0.1 100
