"""Everything that makes the starter weights: data by code, losses, trainer, evaluation. Imports the
core, never the add-on.
"""
