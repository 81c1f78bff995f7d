! errlab as 1000 errlab bind 127.0.0.1 80
