! errlab aio 128 1
