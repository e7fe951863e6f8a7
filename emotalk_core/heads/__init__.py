"""Heads: the one whose shapes ship, and what makes shapes like them on another."""
