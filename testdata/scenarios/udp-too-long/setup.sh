echo 70000 > /tmp/report.size
