echo 0 > /tmp/subids
