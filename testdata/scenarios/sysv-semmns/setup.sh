# Four sets of 25 are all of SEMMNS, the second value; there may be 128 sets, the fourth.
echo 250 100 32 128 > /proc/sys/kernel/sem
! errlab sem 25 4
