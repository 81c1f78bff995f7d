# F_SEAL_SHRINK and F_SEAL_GROW.
echo 6 > /tmp/seals
