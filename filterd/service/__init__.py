"""Floor 6: composition: supervisor, DNS process, page process, worker; owns clock, reload, signals."""
