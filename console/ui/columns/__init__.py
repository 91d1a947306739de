"""The columns of every list: pure functions from a record to cells, one file a room."""
