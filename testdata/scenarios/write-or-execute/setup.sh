echo 1 > /tmp/unit.deny
