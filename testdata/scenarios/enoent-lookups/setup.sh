mkdir -p /tmp/etc
echo answer=42 > /tmp/etc/app.conf
