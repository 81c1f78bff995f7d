echo 8 > /tmp/job.nofile
