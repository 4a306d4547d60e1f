"""What findings are made of: what is wrong with a text, "did you mean", which are reported, their fixes put in."""
