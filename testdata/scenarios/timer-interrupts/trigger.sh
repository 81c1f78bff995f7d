ticker
