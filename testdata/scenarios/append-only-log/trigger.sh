echo rotated > /var/log/audit.log
