"""Floor 5, optional: the native core that keeps up.  What it cannot prove it passes to Python."""
