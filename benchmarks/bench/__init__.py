"""`tailprint bench`: how fast this checkout is beside an older commit, on this machine."""
