# One overlay of all layers instead of one on another.
echo /srv/l/a:/srv/l/b > /srv/layers
