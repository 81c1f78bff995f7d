ln /tmp/backup/blob /tmp/backup/new || exit 1
rm /tmp/backup/new
