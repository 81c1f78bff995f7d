poller
