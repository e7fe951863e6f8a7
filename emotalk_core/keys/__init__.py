"""Keys of F-curves: their tables, fewer of them, and the way into, between and out of takes."""
