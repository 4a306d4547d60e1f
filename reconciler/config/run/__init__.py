"""`reconcile validate`: a directory or single files checked once, over several processes where it pays."""
