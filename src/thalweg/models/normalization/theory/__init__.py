"""What is true of the rule: its energy, its equilibria, where they are stable, in words too."""
