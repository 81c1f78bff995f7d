echo 2 > /proc/sys/kernel/perf_event_paranoid
