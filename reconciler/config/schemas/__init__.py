"""JSON Schemas of settings and of the envelope: compiled, bounded, bundled for editors."""
