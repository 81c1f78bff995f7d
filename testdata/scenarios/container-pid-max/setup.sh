# The host's own processes have most of the numbers. Enough are left for the recorder.
set -e
hold threads 500
echo $((900 + 100)) > /proc/sys/kernel/pid_max
