# What every run in the guest starts and ends with. Sourced by /etz/run.sh, which runs under busybox.
B=/etz/busybox
export PATH=/etz/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
. /etz/config
BOOT=$($B cut -d' ' -f1 /proc/uptime)
SHELL=$($B which bash || echo "$B sh")
OUT=/run/etz

prepare() {
  $B mkdir -p /run /tmp
  $B mount -t tmpfs -o mode=755 tmpfs /run
  $B mkdir -p /dev/pts /dev/shm /dev/mqueue $OUT /etc /root
  $B mount -t tmpfs -o mode=1777 tmpfs /tmp
  $B mount -t tmpfs -o mode=1777 tmpfs /dev/shm
  $B mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
  $B mount -t mqueue mqueue /dev/mqueue
  $B mount -t tracefs tracefs /sys/kernel/tracing
  $B mount -t cgroup2 cgroup2 /sys/fs/cgroup
  for controller in cpu io memory pids; do
    echo +$controller > /sys/fs/cgroup/cgroup.subtree_control
  done 2> /dev/null
  $B ln -sfn /proc/self/fd /dev/fd
  [ -e /etc/passwd ] || {
    echo root:x:0:0:root:/root:/bin/sh
    echo user:x:1000:1000:user:/tmp:/bin/sh
    echo nobody:x:65534:65534:nobody:/:/bin/false
  } > /etc/passwd
  [ -e /etc/group ] || printf 'root:x:0:\ntty:x:5:\nuser:x:1000:\nnogroup:x:65534:\n' > /etc/group
  [ -e /etc/hosts ] || echo '127.0.0.1 localhost' > /etc/hosts
  $B hostname guest
  $B ip link set lo up
  cd /etz/scenario || exit
}

now() { $B cut -d. -f1 /proc/uptime; }

say() { echo "[$($B cut -d' ' -f1 /proc/uptime)] $*"; }

# result KEY VALUE: one line for the host.
result() { echo "$1=$2" >> $OUT/result; }

# step SECONDS SCRIPT: runs a script of the scenario; its output, cut short, goes into the log.
step() {
  $B timeout "$1" $SHELL "./$2" > $OUT/output 2>&1 < /dev/null
  status=$?
  say "$2: exit status $status"
  $B head -c 2000 $OUT/output | $B head -n 30
  return $status
}

# noise_start: starts what is to fail beside the scenario, in the background.
noise_start() {
  noises=
  for noise in /etz/noise/*; do
    [ -e "$noise" ] || return 0
    case $noise in
      *.sh) exec $SHELL "$noise" ;;
      *) exec "$noise" ;;
    esac > /dev/null 2>&1 < /dev/null &
    noises="$noises $!"
  done
  # What they make once, namespaces and mounts, is there before setup.sh counts it.
  $B sleep 2
}

noise_stop() {
  [ -z "$noises" ] || $B kill $noises 2> /dev/null
}

# keep NAME...: hands files or folders of $OUT over too, if they are there by the end.
KEPT=
keep() { KEPT="$KEPT $*"; }

# Hands everything over to the host and ends the guest.
finish() {
  result release "$($B uname -r) $($B uname -v)"
  result boot "$BOOT"
  files=result
  for name in $KEPT; do
    [ -e $OUT/$name ] && files="$files $name"
  done
  $B tar -C $OUT -cf /dev/vport0p1 $files
  $B poweroff -f
  while :; do $B sleep 1; done
}

# fail WHY: ends the guest with a failure.
fail() {
  say "FAILED: $*"
  result failure "$*"
  finish
}
