# What an administrator's shell and its scripts do: look for commands that are not installed, read files that are not
# there, ask for a process that has ended, and for a terminal that they do not have.
while :; do
  command -v etckeeper
  [ -e /etc/motd.d/news ]
  cat < /etc/default/locale
  kill -0 99999
  true > /dev/tty
  sleep 6
done 2> /dev/null
