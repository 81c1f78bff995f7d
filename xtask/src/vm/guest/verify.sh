# Proves that the scenario is honest: its trigger fails in the way it claims, again and again, and no
# longer once remedy.sh has removed the cause. The kernel's own trace of the system call is the judge.
# With REPORTED, the remedies of a report, one a line, these are tried in the place of remedy.sh.
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

# Tries the reported remedies in turn until one ends the failure. What is no command is advice.
reported() {
  printf "%s\n" "$REPORTED" > $OUT/reported
  while IFS= read -r line; do
    command -v "${line%% *}" > /dev/null || continue
    say "reported remedy: $line"
    printf "%s\n" "$line" > reported.sh
    step 60 reported.sh
    trigger
    if [ $status -eq 0 ] && [ "$hits" -eq 0 ]; then
      result remedy "$line"
      return
    fi
  done < $OUT/reported
  fail "no reported remedy that this guest can run ends it"
}

step 240 setup.sh || fail "setup.sh failed"
for run in 1 2 3; do
  fails "run $run" $run
done
if [ -n "$REPORTED" ]; then
  reported
elif [ "$CONTROL" = no ]; then
  step 240 remedy.sh || fail "remedy.sh failed"
  trigger
  [ $status -eq 0 ] || fail "after remedy.sh: trigger.sh still fails"
  [ "$hits" -eq 0 ] || fail "after remedy.sh: $SYSCALL still fails with $ERRNO"
fi
finish
