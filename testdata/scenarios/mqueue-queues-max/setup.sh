# The user has all of the 16 queues.
echo 16 > /proc/sys/fs/mqueue/queues_max
! errlab as 1000 errlab mq 2 64 16
