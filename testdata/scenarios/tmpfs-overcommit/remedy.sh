echo 0 > /proc/sys/vm/overcommit_memory
