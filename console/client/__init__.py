"""The agent's API as typed calls; the screen and the verbs use this alone."""
