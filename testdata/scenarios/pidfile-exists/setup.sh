echo 1 > /tmp/job.lock
