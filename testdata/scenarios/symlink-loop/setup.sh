mkdir -p /tmp/app/releases/1
echo answer=42 > /tmp/app/releases/1/app.conf
ln -s current /tmp/app/current
