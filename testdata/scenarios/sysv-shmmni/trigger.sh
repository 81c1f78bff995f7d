ipc shm 4096
