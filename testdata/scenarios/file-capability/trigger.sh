! errlab dropcap "$(cat /tmp/container.drop)" /tmp/probe fds 1
