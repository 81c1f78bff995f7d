echo 0 > /proc/sys/kernel/unprivileged_bpf_disabled
