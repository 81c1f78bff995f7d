for dir in /root/.config /usr/local/etc /usr/etc /tmp/etc; do
  cat $dir/app.conf && exit 0
done 2> /dev/null
exit 1
