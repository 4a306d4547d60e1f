"""The plan of a change between two commits, as a value for programs, for a terminal and for a pull request."""
