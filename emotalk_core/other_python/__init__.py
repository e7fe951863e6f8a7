"""Another Python: found, looked at, and talked to."""
