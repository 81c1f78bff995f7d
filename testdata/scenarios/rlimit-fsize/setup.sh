# In blocks of 512 bytes.
echo 2048 > /tmp/service.fsize
