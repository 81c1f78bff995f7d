# Pages of 2 MiB.
echo 8 > /proc/sys/vm/nr_hugepages
grep -E 'MemAvailable|Huge' /proc/meminfo
