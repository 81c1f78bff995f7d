ipc sem 8
