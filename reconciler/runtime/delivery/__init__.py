"""Events on their way: the durable queue, routing, dispatching, and what a delivery is handed to."""
