# The worker's scheduling flags: none.
echo 0 > /tmp/worker.flags
