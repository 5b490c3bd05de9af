"""Rules that go down one energy, side by side."""
