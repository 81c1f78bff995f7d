# Records the same failure twice on a host that is full of names: as it is, and with pseudonyms.
. /etz/lib.sh
prepare
keep plain.etz redacted.etz plain.log redacted.log
$B hostname "$HOST"
$B ip address add "$ADDRESS/32" dev lo
folder=/home/$PERSON/$PROJECT
group=/sys/fs/cgroup/$CONTAINER
$B mkdir -p "$folder" "$group"
$B mount -t tmpfs -o size=4m "$PROJECT" "$folder" || fail "no tmpfs"
$B dd if=/dev/zero of="$folder/old" bs=64k 2> /dev/null
$B cp $B "/run/$PROGRAM"

# The kernel's log names the program, too.
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
echo 4m > "$group/memory.max"
$B sh -c "echo 0 > $group/cgroup.procs; exec /run/$PROGRAM dd if=/dev/zero of=/dev/null bs=64m count=1" 2> /dev/null
echo max > "$group/memory.max"

work=/home/$PERSON/work.sh
$B cat > "$work" << END
echo 0 > $group/cgroup.procs
$B mount -t smb3 -o username=$PERSON,password=$PASSWORD,unc=\\\\\\\\$SERVER\\\\$SHARE //$SERVER/$SHARE /mnt
$B mount -t ceph $ADDRESS:6789,$MONITOR:6789:/ /mnt
$B cat /usr/share/$VENDOR/settings /dev/$VOLUMES/$VOLUME /proc/sys/net/ipv4/conf/$INTERFACE/forwarding
for run in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  /run/$PROGRAM dd if=/dev/zero of=$folder/new bs=64k count=4
  $B rm -f $folder/new
  $B sleep 0.3
done
END

for kind in plain redacted; do
  option=
  [ $kind = redacted ] && option=--redact
  say "capture $option"
  $B timeout 120 /etz/bin/capture $option -o "$OUT/$kind.etz" -- $SHELL "$work" "$folder" "$FLAG" "$SHORT" > "$OUT/$kind.log" 2>&1 < /dev/null
  status=$?
  $B tail -n 3 "$OUT/$kind.log"
  [ $status -eq 0 ] || fail "capture $option: exit status $status"
done
finish
