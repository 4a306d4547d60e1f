"""The YAML reader and writer: YAML 1.2 core on PyYAML's parser, with positions, limits and causes."""
