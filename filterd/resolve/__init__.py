"""Floor 4: packet, policy, cache and time become a reply, a forward, or silence."""
