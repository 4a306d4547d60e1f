"""The integrations that come with reconcile; they use the same public door as anyone's."""
