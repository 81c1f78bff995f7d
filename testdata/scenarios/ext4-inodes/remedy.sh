rm /tmp/spool/errlab-file-*0
