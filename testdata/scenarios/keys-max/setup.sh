# Another session of the user's holds most of the 200 keys.
hold errlab as 1000 errlab keys 192 10 -hold
