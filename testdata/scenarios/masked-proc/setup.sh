# As container runtimes do: what shows the host's hardware is covered.
hold unshare -m sh -c '
  mount -t tmpfs -o ro masked /proc/irq
  echo $$ > /run/container.pid
  echo started
  exec sleep 100000'
