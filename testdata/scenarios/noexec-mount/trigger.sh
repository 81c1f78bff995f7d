/tmp/app/tool
