"""Tables, migrations and one-writer transactions."""
