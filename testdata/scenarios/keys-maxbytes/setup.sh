# Another session of the user's holds 9 keys of 2000 bytes; all may be 20000 bytes together.
hold errlab as 1000 errlab keys 9 2000 -hold
