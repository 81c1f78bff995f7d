# A leaky terminal server has all of the 16 terminals.
set -e
echo 16 > /proc/sys/kernel/pty/max
hold errlab ptmx 16 -hold
