rootless "$(cat /tmp/subids)" sh -c 'chown 101 /tmp/layer && chown 0 /tmp/layer'
