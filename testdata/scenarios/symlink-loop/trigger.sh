cat /tmp/app/current/app.conf
