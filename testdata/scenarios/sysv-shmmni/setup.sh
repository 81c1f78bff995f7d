# Servers that crashed have left all of the 16 segments behind.
echo 16 > /proc/sys/kernel/shmmni
! errlab shm 4096 16
