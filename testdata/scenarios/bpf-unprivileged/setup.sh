cat /proc/sys/kernel/unprivileged_bpf_disabled
