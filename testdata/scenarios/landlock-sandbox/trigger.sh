sandbox "$(cat /tmp/writable)" sh -c 'echo good > /tmp/reports/today' || exit 1
rm /tmp/reports/today
