# One program has most of the threads. Enough are left for the recorder and for the kernel's own.
set -e
hold threads 1500
threads=$(cut -d/ -f2 /proc/loadavg | cut -d' ' -f1)
echo $((threads + 100)) > /proc/sys/kernel/threads-max
