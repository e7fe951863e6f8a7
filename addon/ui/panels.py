"""The panels."""

CLASSES = ()
