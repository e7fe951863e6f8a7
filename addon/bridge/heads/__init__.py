"""Heads that have no shape keys yet: what they are made of, guides on them, and their new keys."""
