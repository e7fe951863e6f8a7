"""python3 run.py train STEP: from raw parts to weights, step by step or all at once.

starter    every step by training/configs/starter.toml; `rebuild` by another --config
paper ...  train on your own takes, the paper's network, its table
actors ... fit the listener of a finished model to other actors
"""

from __future__ import annotations

import argparse
import errno
import logging
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from emotalk_core.atomic_file import disk_error
from emotalk_core.errors import EmoTalkError, InputError
from emotalk_core.model.folder import starter_folder

from . import steps
from .actors import Audition, hear_actors
from .config import read_run_config
from .folders import held, ready_folder
from .paper.cli import main as paper_main

_HERE: Final = Path(__file__).resolve().parent
_CONFIGS: Final = {"starter": _HERE / "configs" / "starter.toml"}


def _evaluate(work: steps.Work, args: argparse.Namespace) -> None:
    from .evaluate.report import evaluate, save, table

    made = args.out or (work.model if args.step == "rebuild" else starter_folder())
    result = evaluate(made, work.data, args.split)
    work.run.mkdir(parents=True, exist_ok=True)
    save(result, work.run / f"evaluate-{args.split}.json")
    print(table(result))


_STEPS: Final[dict[str, Callable[[steps.Work, argparse.Namespace], None]]] = {
    "fetch": lambda work, _: steps.make_front_end(work),
    "align": lambda work, _: steps.align(work),
    "synthesise": lambda work, _: steps.synthesise(work),
    "features": lambda work, _: steps.extract_features(work),
    "train": lambda work, _: steps.train(work),
    "hear": lambda work, _: steps.hear(work),
    "finish": lambda work, _: steps.finish(work),
    "listen": lambda work, _: steps.listen(work),
    "export": lambda work, args: steps.export(work, args.out or work.model),
    "evaluate": _evaluate,
}


def _actors(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 run.py train actors")
    parser.add_argument("actors", type=Path, help="folder with index.csv: file, emotion, ...")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with open_speech")
    parser.add_argument("--model", type=Path, default=starter_folder(), help="to start from")
    parser.add_argument("--config", type=Path, default=_HERE / "configs" / "actors.toml")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    audition = Audition(args.actors, args.data, args.model, args.out)
    found = hear_actors(audition, read_run_config(args.config).listener)
    print(f"Written: {args.out}")
    if found:
        shares = "  ".join(f"{emotion} {share:.2f}" for emotion, share in found.items())
        print(f"Unseen clips, recall {sum(found.values()) / len(found):.3f}: {shares}")
    return 0


_OTHERS: Final[dict[str, Callable[[list[str]], int]]] = {
    "actors": _actors,
    "paper": paper_main,
}


def main(argv: list[str] | None = None) -> int:
    """Run one step, or `rebuild`: all of them. 0, or 2 with one line about what is wrong."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] in _OTHERS:
        after = "begins anew" if arguments[0] == "actors" else "goes on"
        return _guarded(lambda: _OTHERS[arguments[0]](arguments[1:]), after)
    parser = argparse.ArgumentParser(
        prog="python3 run.py train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("step", choices=[*_STEPS, "rebuild", *_CONFIGS])
    parser.add_argument("--config", type=Path, default=_HERE / "configs" / "starter.toml")
    parser.add_argument(
        "--data", type=Path, default=Path("data"), help="folder with open_speech, emodb ..."
    )
    parser.add_argument(
        "--work", type=Path, default=Path("out") / "training", help="everything made on the way"
    )
    parser.add_argument(
        "--out", type=Path, help="model folder to write (WORK/model) or to judge (what ships)"
    )
    parser.add_argument("--split", choices=("dev", "test"), default="dev", help="evaluate: on what")
    parser.add_argument(
        "--shipped-front-end", action="store_true", help="do not distil the encoder anew"
    )
    args = parser.parse_args(arguments)
    if args.step in _CONFIGS:
        args.step, args.config = "rebuild", _CONFIGS[args.step]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    return _guarded(lambda: _starter(args))


def _starter(args: argparse.Namespace) -> int:
    if not (args.data / "open_speech").is_dir():
        raise InputError(
            "No recordings",
            value=args.data,
            remedy="Give --data DIR with open_speech and emodb.",
        )
    ready_folder(args.work)
    work = steps.Work(read_run_config(args.config), args.data, args.work, args.shipped_front_end)
    with nullcontext() if args.step == "evaluate" else held(args.work):
        for name, step in _STEPS.items():
            if args.step in (name, "rebuild"):
                step(work, args)
    return 0


def _guarded(run: Callable[[], int], after: str = "goes on") -> int:
    try:
        return run()
    except EmoTalkError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:  # a set that is not whole, a folder that fills up or is not ours
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        print(_told(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Stopped; the same command {after}.", file=sys.stderr)
        return 130


def _told(error: OSError) -> EmoTalkError:
    """What went wrong with a file, as an error that the user can mend."""
    place = Path(error.filename2 or error.filename or "disk")  # of a copy, where it goes
    if isinstance(error, FileNotFoundError):
        return InputError("A file is missing", value=place, remedy="Bring it, or check the folder.")
    return disk_error(error, place)


if __name__ == "__main__":
    sys.exit(main())
