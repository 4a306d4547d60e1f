"""Why a schema refuses a document, in words: the branch that was meant, the nearest name, no secret."""
