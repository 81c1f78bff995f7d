journal /dev/loop0 "$(cat /tmp/record.bytes)"
