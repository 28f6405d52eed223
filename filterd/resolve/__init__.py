"""Floor 4: packet, policy, cache and time become a reply, a question for an upstream, or silence."""
