set -e
echo started > /var/log/audit.log
chattr +a /var/log/audit.log
echo appending goes well >> /var/log/audit.log
