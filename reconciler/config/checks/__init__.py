"""What a schema cannot say of a document, and what one document cannot say of the others."""
