in-use /dev/loop0
