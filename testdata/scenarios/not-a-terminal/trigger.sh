ls / > /tmp/list
tty < /tmp/list
rm /tmp/list
