"""Studies of deep linear networks (Saxe, McClelland & Ganguli 2014, and what followed)."""
