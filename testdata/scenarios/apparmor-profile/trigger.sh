! /usr/bin/reportd open /srv/archive/2024 0
