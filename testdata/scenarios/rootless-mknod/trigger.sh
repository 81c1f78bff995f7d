$(cat /tmp/builder) sh -c 'id -u; mknod /tmp/rootfs/null c 1 3' || exit 1
rm /tmp/rootfs/null
