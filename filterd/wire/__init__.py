"""Floor 1: names, the question scanner, messages and forged replies.  No I/O."""
