mkdir /tmp/spool
chmod 1777 /tmp/spool
