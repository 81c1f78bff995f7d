echo 20 > /tmp/watched
