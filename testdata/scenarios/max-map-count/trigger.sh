# The program lives on for a while, as one that tries to cope would.
timeout 2 errlab maps 1200 -hold | grep errno=0
