"""The reweighting rule itself: population, stimuli, forms of the rule, and runs of them."""
