"""Floor 5: which devices are on the network."""
