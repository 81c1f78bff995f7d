rm /tmp/app/current
ln -s releases/1 /tmp/app/current
