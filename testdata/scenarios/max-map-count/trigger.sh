# The program lives on for a second, as one that tries to cope would.
timeout 1 errlab maps 4000 -hold | grep errno=0
