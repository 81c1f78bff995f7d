rm -r /tmp/backup/0
