"""The built-in, torch and other engines: what turns sound into an Encoding and an Encoding into curves."""
