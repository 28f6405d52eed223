"""Floor 2: list formats become rules, rules become one compiled index, names are looked up."""
