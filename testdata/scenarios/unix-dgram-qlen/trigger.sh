# A receiver that does not keep up; it lives on for a while.
timeout 2 errlab unixq 100 -hold | grep errno=0
