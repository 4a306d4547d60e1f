"""What `reconcile init` writes into a repository, and how it keeps what is there."""
