# Build as root of the host.
echo env > /tmp/builder
