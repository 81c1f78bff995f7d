# Kills the recorder at random moments, and compares the host's state with what it was before.
. /etz/lib.sh
prepare
keep bundles table
$B mkdir $OUT/bundles
say "killing $TIMES recorders on $($B uname -srvm)"

echo 0 > /proc/sys/fs/inotify/max_user_watches
fails &

# Whatever the kernel keeps for good once tracing was used shows in the first of two whole recordings.
for number in 1 2; do
  capture --for 6s -o $OUT/whole.etz --force > $OUT/capture.log 2>&1 < /dev/null
  state > $OUT/before
done
$B cat $OUT/capture.log

# uptime_ms: milliseconds since the start.
uptime_ms() { $B sed 's/\([0-9]*\)\.\([0-9]*\) .*/\1\20/' /proc/uptime; }

number=0 left=0
while [ $number -lt "$TIMES" ]; do
  # Phases in turn, as they differ in length a hundredfold; the moment within one is random.
  case $((number % 6)) in
  0) phase=start longest=300000 ;;
  1) phase=arm longest=150000 ;;
  2) phase=count longest=1000000 ;;
  3) phase=graph longest=30000 ;;
  4) phase=returns longest=600000 ;;
  5) phase=stop longest=500000 ;;
  esac
  if [ $((number / 6 % 2)) = 1 ]; then
    # The guard goes too: the next recorder puts back what was left.
    phase=$(GROUP=1 moment $phase $longest capture --for 30s -o $OUT/bundles/$number.etz 2> $OUT/errors)+guard
    capture --for 1s --graph never -o $OUT/next.etz --force >> $OUT/errors 2>&1 < /dev/null
  else
    phase=$(moment $phase $longest capture --for 30s -o $OUT/bundles/$number.etz 2> $OUT/errors)
  fi
  killed=$(uptime_ms)
  clean=no
  while [ $clean = no ] && [ $(($(uptime_ms) - killed)) -lt 2000 ]; do
    state > $OUT/after
    $B cmp -s $OUT/before $OUT/after && clean=yes
  done
  took=$(($(uptime_ms) - killed))
  echo "$number $phase $clean $took" >> $OUT/table
  if [ $clean = no ]; then
    left=$((left + 1))
    say "kill $number in $phase: not as before after $took ms"
    $B cat $OUT/errors
    $B diff $OUT/before $OUT/after | $B grep '^[+-]' | $B cut -c-200 | $B head -n 12
    $B sleep 5
    state > $OUT/after
    $B cmp -s $OUT/before $OUT/after && say "... but later it is"
    capture cleanup
    state > $OUT/before
  fi
  number=$((number + 1))
done
result kills $number
[ $left -eq 0 ] || fail "$left of $number kills left something for 2 s"
finish
