echo 0 > /tmp/unit.deny
