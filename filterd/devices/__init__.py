"""Floor 5: I/O."""
