"""What git knows of a directory: its files at a commit, and which of them differ. Nothing is ever written."""
