errlab as 1000 dd if=/dev/zero of=/srv/scratch/out bs=256k count=500
status=$?
rm -f /srv/scratch/out
exit $status
