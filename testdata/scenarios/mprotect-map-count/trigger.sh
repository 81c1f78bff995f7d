# The program lives on for a while, as one that tries to cope would.
timeout 2 errlab mprot 1000 -hold | grep errno=0
