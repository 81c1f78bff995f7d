# The other containers have all of the 8 namespaces. 0x40000000 is CLONE_NEWNET.
set -e
echo 8 > /proc/sys/user/max_net_namespaces
hold errlab clonens 0x40000000 8 -hold
