nsenter -t "$(cat /run/container.pid)" -m umount /proc/irq
