! errlab as 1000 errlab inoinst 1
