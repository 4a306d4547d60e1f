"""From files to desired configurations, and the catalogue of integrations; runs no integration's code."""
