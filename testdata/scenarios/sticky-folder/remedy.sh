chmod -t /tmp/spool
