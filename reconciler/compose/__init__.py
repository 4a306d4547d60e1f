"""The composition root: builds an engine, a manager or a daemon out of the layers below."""
