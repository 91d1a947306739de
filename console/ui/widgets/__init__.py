"""The three line-API widgets that every screen is built from: table, chart, log."""
