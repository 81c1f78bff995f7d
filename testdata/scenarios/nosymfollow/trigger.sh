cat /srv/conf/app
