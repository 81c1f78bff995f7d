# Records the scenario with the real recorder while it is triggered over and over.
. /etz/lib.sh
prepare
keep bundle.etz
say "$SCENARIO on $($B uname -srvm)"
noise_start
step 240 setup.sh || fail "setup.sh failed"

eval "set -- $CAPTURE_ARGS"
say "capture $*"
/etz/bin/capture "$@" -o $OUT/bundle.etz > $OUT/capture.log 2>&1 < /dev/null &
capture=$!

# It records from the moment that its program is attached, which shows as a BPF link among its files.
deadline=$(($(now) + 60))
until $B grep -qs link_type /proc/$capture/fdinfo/*; do
  [ -d /proc/$capture ] && [ "$(now)" -lt $deadline ] || { say "capture attaches nothing"; break; }
  $B sleep 0.1
done

runs=0 failures=0 hung=no
deadline=$(($(now) + RECORD_SECONDS + 90))
while $B kill -0 $capture 2> /dev/null; do
  if [ "$(now)" -ge $deadline ]; then
    hung=yes
    $B kill -TERM $capture
    $B sleep 5
    $B kill -KILL $capture 2> /dev/null
    break
  fi
  runs=$((runs + 1))
  if [ $runs -le 3 ]; then
    step 60 trigger.sh
  else
    $B timeout 60 $SHELL ./trigger.sh > /dev/null 2>&1 < /dev/null
  fi || failures=$((failures + 1))
  $B sleep 0.2
done
wait $capture
status=$?
noise_stop
say "trigger.sh: $runs runs, $failures failed; capture: exit status $status"
$B head -c 8000 $OUT/capture.log

result runs $runs
result failures $failures
[ $hung = no ] || fail "capture did not end within 90 s of its time"
[ $status -eq 0 ] || fail "capture: exit status $status"
[ -s $OUT/bundle.etz ] || fail "capture left no bundle"
[ $failures -gt 0 ] || [ "$CONTROL" = yes ] || fail "trigger.sh never failed"
finish
