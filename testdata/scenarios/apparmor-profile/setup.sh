set -e
mount -t securityfs securityfs /sys/kernel/security
cp "$(command -v errlab)" /usr/bin/reportd
mkdir -p /srv/reports /srv/archive
echo ok | tee /srv/reports/today > /srv/archive/2024
cat > /tmp/profile << 'END'
profile reportd /usr/bin/reportd {
  /usr/bin/reportd mr,
  /srv/reports/** r,
}
END
apparmor_parser --replace --skip-cache /tmp/profile
! reportd open /srv/reports/today 0
ls -l /srv/archive/2024
