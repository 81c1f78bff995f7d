errlab as 1000 unshare -U true
