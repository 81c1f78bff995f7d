! errlab mapbig 700000000
