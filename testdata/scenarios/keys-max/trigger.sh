! errlab as 1000 errlab keys 20 10
