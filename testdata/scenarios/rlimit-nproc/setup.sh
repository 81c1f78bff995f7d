# The user runs 31 processes already.
set -e
echo 34 > /tmp/user.nproc
hold errlab as 1000 errlab forks 30 -hold
