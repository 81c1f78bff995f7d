$(cat /tmp/sandbox) sh -c 'date; date; exit 0'
