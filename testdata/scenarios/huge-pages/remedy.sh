echo 32 > /proc/sys/vm/nr_hugepages
