! errlab as 1000 errlab keys 2 2000
