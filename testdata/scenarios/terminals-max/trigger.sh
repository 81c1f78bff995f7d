! errlab ptmx 1
