"""A small Django project whose signals reach an integration."""
