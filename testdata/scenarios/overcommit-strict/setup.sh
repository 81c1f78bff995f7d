echo 40 > /proc/sys/vm/overcommit_ratio
echo 2 > /proc/sys/vm/overcommit_memory
grep -E 'MemAvailable|Commit' /proc/meminfo
