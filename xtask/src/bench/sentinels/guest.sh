# Times loops of system calls with the sentinels on and off, and keeps what was measured.
. /etz/lib.sh
prepare
keep times
$B mkdir -p /mnt
/etz/bin/loops "$SECONDS_ARMED" /etz/bin/capture --graph never --for 600s -o /tmp/bundle.etz > $OUT/times 2> $OUT/errors || fail "$($B head -c 300 $OUT/errors)"
$B head -c 2000 $OUT/errors
finish
