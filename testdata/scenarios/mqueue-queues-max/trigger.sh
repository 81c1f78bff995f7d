errlab as 1000 ipc mq
