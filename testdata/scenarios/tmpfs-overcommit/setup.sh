# A user may commit 40 MiB more than now, root 64 MiB more than that. Huge pages: fewer calls until it is full.
mkdir -p /srv/scratch
mount -t tmpfs -o size=50%,mode=1777,huge=always scratch /srv/scratch
echo 65536 > /proc/sys/vm/admin_reserve_kbytes
set -- $(grep Committed_AS /proc/meminfo)
echo $(($2 + 65536 + 40960)) > /proc/sys/vm/overcommit_kbytes
echo 2 > /proc/sys/vm/overcommit_memory
