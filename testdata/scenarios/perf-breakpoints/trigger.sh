watchpoints "$(cat /tmp/watched)"
