set -e
mkdir -p /srv/conf
mount -t tmpfs -o nosymfollow conf /srv/conf
echo value > /srv/conf/app.1
ln -s app.1 /srv/conf/app
