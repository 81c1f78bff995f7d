# Records failing calls, and the function graph of failing mounts, with the recorder and with trace-cmd.
. /etz/lib.sh
prepare
keep calls.etz graph.etz graph.dat args.dat header_page funcgraph_entry funcgraph_exit symbols

T=/sys/kernel/tracing
# On the disk: an overlay wants its folders there.
$B mkdir -p /var/storm/lower /var/storm/upper /var/storm/work /var/storm/merged
cd /var/storm || exit

# recorded NAME COUNTED COMMAND...: what trace-cmd's file of a command takes, without what one of nothing takes.
recorded() {
  name=$1 counted=$2
  shift 2
  "$@" true > $OUT/output 2>&1 || { $B cat $OUT/output; fail "trace-cmd cannot record"; }
  idle=$($B stat -c %s peer)
  idle_events=$(trace-cmd report -R -i peer 2> /dev/null | $B grep -cE "$counted")
  "$@" $STORM > $OUT/output 2>&1 || { $B cat $OUT/output; fail "trace-cmd cannot record"; }
  result $name.bytes $(($($B stat -c %s peer) - idle))
  result $name.events $(($(trace-cmd report -R -i peer 2> /dev/null | $B grep -cE "$counted") - idle_events))
}

eval "set -- $CALLS"
STORM="storm $SECONDS_EACH calls"
say "$*"
recorded calls ' sys_exit:' "$@"
capture --graph never --comm storm -o $OUT/calls.etz -- $STORM > $OUT/output 2>&1 || fail "capture"

$B grep -c . /proc/self/mountinfo > /proc/sys/fs/mount-max
# graph NAME COMMAND...: the same for the function graph, whose pages are kept too.
graph() {
  name=$1
  shift
  say "$*"
  recorded $name ' funcgraph_(entry|exit):' "$@"
  trace-cmd convert --compression none --file-version 6 -i peer -o $OUT/$name.dat > $OUT/output 2>&1 ||
    $B cat $OUT/output
}

$B grep -c . /proc/self/mountinfo > /proc/sys/fs/mount-max
eval "set -- $GRAPH"
STORM="storm 2 mounts"
graph graph "$@"
# The recorder takes what the kernel gives.
[ ! -e $T/options/funcgraph-args ] || graph args "$@" -O funcgraph-args
$B cat $T/events/header_page > $OUT/header_page
for event in funcgraph_entry funcgraph_exit; do
  $B cat $T/events/ftrace/$event/format > $OUT/$event
done
$B cat /proc/kallsyms > $OUT/symbols
STORM="storm 10 mounts"
capture --comm storm -o $OUT/graph.etz -- $STORM > $OUT/output 2>&1 || fail "capture"
result version "$(trace-cmd --version 2>&1 | $B grep -o 'version [0-9.]*')"
finish
