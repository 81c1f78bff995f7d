# Proves that the scenario is honest: its trigger fails in the way it claims, again and again, and no
# longer once remedy.sh has removed the cause. The kernel's own trace of the system call is the judge.
. /etz/lib.sh
prepare
say "$SCENARIO on $($B uname -srvm)"

T=/sys/kernel/tracing
EVENT=$T/events/syscalls/sys_exit_$SYSCALL
[ -d $EVENT ] || fail "this kernel has no trace event for $SYSCALL"
echo "ret == -$ERRNO_NUMBER" > $EVENT/filter
echo 1 > $EVENT/enable

# trigger: runs it, and sets `status` and `hits`, how often the system call failed in that way.
trigger() {
  echo > $T/trace
  step 60 trigger.sh
  hits=$($B grep -c "sys_$SYSCALL " $T/trace)
  say "$SYSCALL failed with $ERRNO $hits times"
}

fails() {
  trigger
  [ "$hits" -gt 0 ] || fail "$1: no $SYSCALL failed with $ERRNO"
  [ "$CONTROL" = yes ] || [ $status -ne 0 ] || fail "$1: trigger.sh exits with 0 although it failed"
  result runs "$2"
}

step 240 setup.sh || fail "setup.sh failed"
for run in 1 2 3; do
  fails "run $run" $run
done
if [ "$CONTROL" = no ]; then
  step 240 remedy.sh || fail "remedy.sh failed"
  trigger
  [ $status -eq 0 ] || fail "after remedy.sh: trigger.sh still fails"
  [ "$hits" -eq 0 ] || fail "after remedy.sh: $SYSCALL still fails with $ERRNO"
fi
finish
