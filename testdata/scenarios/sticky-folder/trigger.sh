# Root's program leaves a job, the user's takes it.
touch /tmp/spool/job
chmod 666 /tmp/spool/job
errlab as 1000 rm -f /tmp/spool/job
