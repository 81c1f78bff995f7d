limit-user /srv/home 1000 16384
