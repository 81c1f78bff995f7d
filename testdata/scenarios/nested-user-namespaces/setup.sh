# The user's other containers have all but one of the 8 namespaces. 0x10000000 is CLONE_NEWUSER.
set -e
echo 8 > /proc/sys/user/max_user_namespaces
hold errlab as 1000 errlab clonens 0x10000000 7 -hold
