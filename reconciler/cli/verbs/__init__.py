"""One module for each verb: its parameters, and the call. Imported when the verb is called."""
