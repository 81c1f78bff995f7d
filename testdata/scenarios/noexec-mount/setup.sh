set -e
mkdir /tmp/app
mount -t tmpfs -o noexec,mode=755 tmpfs /tmp/app
echo '#!/bin/sh' > /tmp/app/tool
chmod 755 /tmp/app/tool
