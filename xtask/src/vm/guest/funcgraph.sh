# Traces a few commands with the function graph, and keeps both what the kernel prints of it and its raw pages.
. /etz/lib.sh
prepare
keep trace header_page funcgraph_entry funcgraph_exit names symbols raw
T=/sys/kernel/tracing
$B mkdir $OUT/raw

echo 0 > $T/tracing_on
echo mono > $T/trace_clock
# Room for all: what is lost would be told differently.
echo 32768 > $T/buffer_size_kb
for call in mount umount openat clone mkdirat unlinkat execve; do
  echo __arm64_sys_$call; echo __x64_sys_$call
done | $B grep -xF -f - $T/available_filter_functions > $T/set_graph_function
echo function_graph > $T/current_tracer || fail "this kernel has no function graph"
echo 0 > $T/options/funcgraph-irqs
[ ! -e $T/options/funcgraph-retval ] || echo 1 > $T/options/funcgraph-retval
echo > $T/trace

work() {
  $B mkdir /tmp/$1
  $B mount -t tmpfs tmpfs /tmp/$1
  $B umount /tmp/$1
  $B rmdir /tmp/$1
}
echo 1 > $T/tracing_on
work one &
work two
wait
echo 0 > $T/tracing_on

$B cat $T/trace > $OUT/trace
$B cat $T/events/header_page > $OUT/header_page
for event in funcgraph_entry funcgraph_exit; do
  $B cat $T/events/ftrace/$event/format > $OUT/$event
done
$B cat $T/saved_cmdlines > $OUT/names
$B cat /proc/kallsyms > $OUT/symbols
for cpu in $T/per_cpu/cpu*; do
  # At the end of the buffer it would wait for more.
  $B timeout 10 $B cat $cpu/trace_pipe_raw > $OUT/raw/${cpu##*cpu}
done
finish
