chattr -a /var/log/audit.log
