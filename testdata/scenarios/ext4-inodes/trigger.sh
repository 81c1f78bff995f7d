echo hello > /tmp/spool/message || exit 1
rm /tmp/spool/message
