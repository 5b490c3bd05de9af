"""Units of machines drawn from their laws given one another."""
