/tmp/deploy
