"""From desired and live to a plan: what differs, which removals may go through, what a plan shows."""
