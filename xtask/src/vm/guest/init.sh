#!/etz/busybox sh
# The guest's first process: loads modules, and goes on with /etz/run.sh, from the disk if there is one.
B=/etz/busybox
$B mkdir -p /bin /sbin /proc /sys /dev /root /mnt /var /usr/bin
$B mount -t proc proc /proc
$B mount -t sysfs sysfs /sys
$B mount -t devtmpfs devtmpfs /dev
while read -r module; do
  $B insmod "/etz/modules/$module" || echo "cannot load $module"
done < /etz/modules/list
$B rm -r /etz/modules

if [ -b /dev/vda ]; then
  $B mkdir /disk
  $B mount -t ext4 /dev/vda /disk
  $B cp -a /etz /disk/etz
  for mount in dev proc sys; do
    $B mount --move "/$mount" "/disk/$mount"
  done
  exec $B switch_root /disk /etz/busybox sh /etz/run.sh
fi
$B --install -s /bin
exec $B sh /etz/run.sh
