! errlab as 1000 errlab bpfprog
