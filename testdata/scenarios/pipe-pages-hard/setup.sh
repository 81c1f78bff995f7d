# Another program of the user's has eight pipes of 16 pages.
set -e
echo 128 > /proc/sys/fs/pipe-user-pages-hard
hold errlab as 1000 errlab pipes 8 -hold
