errlab as 1000 sh -c 'ls / | wc -l'
