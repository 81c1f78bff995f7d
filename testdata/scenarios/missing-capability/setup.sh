# 21 is CAP_SYS_ADMIN.
mkdir /tmp/scratch
echo 21 > /tmp/container.drop
