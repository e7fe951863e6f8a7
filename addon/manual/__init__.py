"""The manual, which lies beside the add-on: read in a browser, without a network."""
