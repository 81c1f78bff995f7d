echo 0 > /proc/sys/fs/protected_regular
