cp "$(command -v errlab)" /tmp/server
