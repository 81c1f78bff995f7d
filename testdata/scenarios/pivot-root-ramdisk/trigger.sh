unshare -m chroot "$(cat /srv/root)" sh -c '
  mount --bind /srv/image /srv/image &&
  cd /srv/image &&
  pivot_root . old'
