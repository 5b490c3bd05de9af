"""Studies of normalization reweighting (Westrick, Heeger & Landy 2016)."""
