folder=/srv/shops/production-europe-west/databases/orders/schema-changes/2026-11-28T19-00-00/temporary
mkdir -p $folder
echo $folder/online-schema-change.sock > /tmp/socket.path
