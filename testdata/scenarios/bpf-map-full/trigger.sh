endpoints "$(cat /tmp/endpoints.size)" 100
