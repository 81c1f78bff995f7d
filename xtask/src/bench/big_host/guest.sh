# Makes a host with many processes, mounts and control groups, records on it, and keeps the recording and what it cost.
. /etz/lib.sh
prepare
keep bundle.etz capture.log
for limit in kernel.pid_max=4194304 kernel.threads-max=2000000 vm.max_map_count=2000000 vm.overcommit_memory=1; do
  $B sysctl -qw $limit
done
result pace "$(crowd pace)"
crowd "$PROCESSES" "$MOUNTS" "$CGROUPS" > $OUT/made 2> $OUT/errors &
crowd=$!
until $B grep -qs made $OUT/made; do
  $B kill -0 $crowd 2> /dev/null || fail "$($B head -c 300 $OUT/errors)"
  $B sleep 1
done
say "made"
# Without a walk over all of them, which takes the guest minutes.
result processes "$($B sed 's/.*\/\([0-9]*\) .*/\1/' /proc/loadavg)"
result mounts "$($B grep -c . /proc/self/mountinfo)"
result cgroups "$($B sed -n 's/^nr_descendants //p' /sys/fs/cgroup/cgroup.stat)"
result free_kib "$($B awk '/^MemAvailable/ { print $2 }' /proc/meminfo)"
crowd gone &

capture --for "${SECONDS_RECORDED}s" -o $OUT/bundle.etz > $OUT/capture.log 2>&1 < /dev/null &
capture=$!
helper=
while [ -z "$helper" ] && [ -d /proc/$capture ]; do
  for child in $($B cat /proc/$capture/task/*/children 2> /dev/null); do
    $B grep -qs snapshots /proc/$child/cmdline && helper=$child
  done
done
[ -n "$helper" ] || fail "no helper: $($B head -c 300 $OUT/capture.log)"
# The last look before it ends tells what all snapshots took.
while read -r now 2> /dev/null < /proc/$helper/stat; do
  stat=$now
  $B usleep 20000
done
wait $capture
result status $?
set -- ${stat##*) }
result helper_user_ticks "${12}"
result helper_system_ticks "${13}"
$B cat $OUT/capture.log
finish
