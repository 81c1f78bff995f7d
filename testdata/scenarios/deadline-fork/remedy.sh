# SCHED_FLAG_RESET_ON_FORK: children begin with the normal policy.
echo 1 > /tmp/worker.flags
