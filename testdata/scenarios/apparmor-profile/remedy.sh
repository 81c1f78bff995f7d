cat > /tmp/profile << 'END'
profile reportd /usr/bin/reportd {
  /usr/bin/reportd mr,
  /srv/reports/** r,
  /srv/archive/** r,
}
END
apparmor_parser --replace --skip-cache /tmp/profile
