# The limit is set to what the mount namespace holds now: the next mount is one too many.
set -e
mkdir -p /tmp/lower /tmp/upper /tmp/work /tmp/merged
grep -c . /proc/self/mountinfo > /proc/sys/fs/mount-max
