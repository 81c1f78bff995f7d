# In parts.
echo 8192 > /tmp/report.size
