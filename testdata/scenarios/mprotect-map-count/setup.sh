echo 1024 > /proc/sys/vm/max_map_count
