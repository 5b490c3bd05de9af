"""Each reproduces one table or figure of a source, end to end."""
