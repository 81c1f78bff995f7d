lockfile /tmp/job.lock
