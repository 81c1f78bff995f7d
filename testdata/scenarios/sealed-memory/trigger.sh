surface "$(cat /tmp/seals)"
