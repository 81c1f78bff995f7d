printf '#!/bin/bash\nexit 0\n' > /tmp/deploy
chmod 755 /tmp/deploy
