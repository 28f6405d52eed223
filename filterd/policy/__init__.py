"""Floor 3: who is asking, what holds for them now, and the one function that decides."""
