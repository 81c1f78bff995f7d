errlab as 1000 sh -c 'kill -0 1'
