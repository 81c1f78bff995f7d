# A receiver that does not keep up; it lives on for a second.
timeout 1 errlab unixq 100 -hold | grep errno=0
