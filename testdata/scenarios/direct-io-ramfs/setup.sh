mkdir -p /srv/db
mount -t ramfs tables /srv/db
