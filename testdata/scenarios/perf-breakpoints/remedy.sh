echo 2 > /tmp/watched
