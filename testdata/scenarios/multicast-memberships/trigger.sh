! errlab mcast 30 lo
