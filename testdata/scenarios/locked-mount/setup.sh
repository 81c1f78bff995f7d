set -e
mkdir /tmp/assets
mount -t tmpfs -o ro tmpfs /tmp/assets
