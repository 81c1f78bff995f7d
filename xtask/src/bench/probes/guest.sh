# Arms and takes away the sentinels, and counts how often that stops all processors, and for how long.
. /etz/lib.sh
prepare
T=/sys/kernel/tracing

# stops WHEN: stops so far, one line a processor and stop; of the function's duration all processors stand still.
stops() {
  $B grep multi_cpu_stop $T/trace > $OUT/stops
  result "$1.lines" "$($B grep -c . $OUT/stops)"
  # `  3)   7.120 us    |  multi_cpu_stop();`, with a mark before a long duration.
  $B awk -v when="$1" '
    { for (i = 1; i < NF; i++) if ($(i + 1) == "us") { sum += $i; if ($i > most) most = $i } }
    END { printf "%s.sum_us=%.0f\n%s.most_us=%.0f\n", when, sum, when, most }' $OUT/stops >> $OUT/result
  echo > $T/trace
}

kib() { $B awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }

# `f[:[<group>/][<event>]] <func-name>[%return]`: such probes are put on by ftrace, which stops nobody.
$B grep -q '\bf\[:' $T/README && result fprobes yes || result fprobes no
result cpus "$($B grep -c ^processor /proc/cpuinfo)"
echo 4096 > $T/buffer_size_kb
echo multi_cpu_stop > $T/set_ftrace_filter || fail "multi_cpu_stop cannot be traced"
echo function_graph > $T/current_tracer
$B sleep 1
echo > $T/trace
before=$(kib)
capture --graph never --for 300s -o $OUT/bundle.etz > $OUT/capture.log 2>&1 < /dev/null &
capture=$!
# It is armed when no further probe is made for a while.
made=0 same=0
while [ $same -lt 5 ] && [ -d /proc/$capture ]; do
  $B sleep 1
  now=$($B grep -c etz_ $T/kprobe_events)
  [ "$now" = "$made" ] && [ "$now" -gt 0 ] && same=$((same + 1)) || same=0
  made=$now
done
[ $made -gt 0 ] || fail "no probes: $($B head -c 300 $OUT/capture.log)"
result probes "$made"
result memory_kib $((before - $(kib)))
stops arm
$B kill -INT $capture
wait $capture
stops disarm
$B cat $OUT/capture.log
finish
