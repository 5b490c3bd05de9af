"""Theory of the rule: its energy, its equilibria, their stability, in words too."""
