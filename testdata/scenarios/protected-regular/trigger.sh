echo ready > /tmp/service.state
