"""Pure functions on coefficient arrays."""
