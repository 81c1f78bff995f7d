# The user's sandboxes have all of the 8 namespaces. 0x10000000 is CLONE_NEWUSER.
set -e
echo 8 > /proc/sys/user/max_user_namespaces
hold errlab as 1000 errlab clonens 0x10000000 8 -hold
