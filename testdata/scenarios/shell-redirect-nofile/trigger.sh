limit=$(cat /tmp/job.nofile)
sh -c "ulimit -n $limit; echo started > /tmp/job.log"
