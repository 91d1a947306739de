"""The screens: one file a mode or a detail, each loaded when it is first shown."""
