! errlab mapexec /tmp/native/libcompress.so
