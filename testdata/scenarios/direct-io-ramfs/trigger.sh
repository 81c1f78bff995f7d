table /srv/db/orders
