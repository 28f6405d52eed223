"""Floor 6: composition: supervisor, DNS process, page process, worker.

Owns the clock, reloading and signals.
"""
