! errlab forks 300
