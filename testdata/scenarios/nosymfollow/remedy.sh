umount /srv/conf
mount -t tmpfs conf /srv/conf
echo value > /srv/conf/app.1
ln -s app.1 /srv/conf/app
