"""Numbers in sentences that users read."""

__all__ = ["counted"]


def counted(number: int, noun: str) -> str:
    """`1 key`, `2 keys`, `no keys`, `60,684 keys`."""
    ending = "" if number == 1 else "es" if noun.endswith(("sh", "ch")) else "s"
    return f"{number:,} {noun}{ending}" if number else f"no {noun}{ending}"
