"""Email: messages by SMTP."""
