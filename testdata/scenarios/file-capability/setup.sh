# The program has cap_net_raw+ep, and the container was started without it: 13 is CAP_NET_RAW.
cp "$(command -v errlab)" /tmp/probe
errlab mkfcap /tmp/probe 13
ls -l /tmp/probe
echo 13 > /tmp/container.drop
