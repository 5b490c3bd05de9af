"""The port that a page is served on, readable without importing JAX."""

PORT = 8765  # free on most machines; others are tried after it
