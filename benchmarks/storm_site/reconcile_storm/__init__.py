"""An integration that writes down what happens to it: `benchmarks/storm.py` puts it on the path of its daemons."""
