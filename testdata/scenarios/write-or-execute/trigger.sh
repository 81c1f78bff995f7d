compile "$(cat /tmp/unit.deny)"
