"""Systems that every textbook has, one family a module."""
