"""Command line: minutes of speech into a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from emotalk_core.errors import EmoTalkError

from .factory import make_shards


def main() -> int:
    """Write the shards; 0, or 2 with one line about what is wrong."""
    parser = argparse.ArgumentParser(prog="training.synthesis", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the shards")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    try:
        make_shards(args.out, minutes=args.minutes, seed=args.seed, progress=_show)
    except EmoTalkError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 2
    return 0


def _show(done: float, what: str) -> None:
    print(f"{done:4.0%} {what}", flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
