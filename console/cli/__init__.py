"""The verbs, each imported when it is called."""
