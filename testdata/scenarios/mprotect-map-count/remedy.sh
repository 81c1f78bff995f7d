echo 65530 > /proc/sys/vm/max_map_count
