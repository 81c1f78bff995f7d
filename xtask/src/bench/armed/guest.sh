# Times loops of system calls while the graph is armed on another process's failure, and keeps what was measured.
. /etz/lib.sh
prepare
keep times
$B mkdir -p /mnt
round=1
while [ $round -le "$ROUNDS" ]; do
  for target in $TARGETS; do
    keep $target.$round.etz
    /etz/bin/loops $target /etz/bin/capture --for 600s -o $OUT/$target.$round.etz >> $OUT/times 2> $OUT/errors ||
      fail "$target: $($B head -c 300 $OUT/errors)"
    $B head -c 2000 $OUT/errors
  done
  round=$((round + 1))
done
finish
