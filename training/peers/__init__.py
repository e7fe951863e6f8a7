"""Other systems run on the same sound, for the tables only: nothing here ships."""
