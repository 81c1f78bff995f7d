# A root that is mounted on something.
mount --rbind / /srv/host
mount --make-rprivate /srv/host
echo /srv/host > /srv/root
