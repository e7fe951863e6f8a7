"""Command line: minutes of speech, or a parallel set, into a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from emotalk_core.errors import EmoTalkError

from .factory import make_shards
from .parallel import ParallelPlan, make_parallel_shards


def main() -> int:
    """Write the shards; 0, or 2 with one line about what is wrong."""
    parser = argparse.ArgumentParser(prog="training.synthesis", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the shards")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--parallel", action="store_true", help="each sentence in 8 emotions at 2 intensities"
    )
    parser.add_argument("--voices", type=_numbers, default="0-9", help="parallel: as 0-9,12")
    parser.add_argument("--sentences", type=_numbers, default="0-9", help="parallel: as 0-9,12")
    args = parser.parse_args()
    try:
        if args.parallel:
            plan = ParallelPlan(args.seed, args.voices, args.sentences)
            make_parallel_shards(args.out, plan, progress=_show)
        else:
            make_shards(args.out, minutes=args.minutes, seed=args.seed, progress=_show)
    except EmoTalkError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 2
    return 0


def _numbers(text: str) -> tuple[int, ...]:
    """Numbers of "0-3,7"."""
    spans = (part.partition("-") for part in text.split(","))
    try:
        ends = [(int(first), int(last or first)) for first, _, last in spans]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"no numbers: {text!r} (write 0-3,7)") from error
    return tuple(n for first, last in ends for n in range(first, last + 1))


def _show(done: float, what: str) -> None:
    print(f"{done:4.0%} {what}", flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
