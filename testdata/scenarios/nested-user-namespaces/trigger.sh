rootless 0 unshare -U true
