"""The only code that turns Blender data into core data and back: plain functions, tested without
a window.
"""
