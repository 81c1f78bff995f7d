echo 1024 > /tmp/job.nofile
