"""What `reconcile.toml` allows in each folder: patterns of paths, and what documents beneath them must keep to."""
