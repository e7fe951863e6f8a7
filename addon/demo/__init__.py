"""The demo character: a stylised head and shoulders with all 52 ARKit shape keys, built by code."""
