"""python3 run.py train paper STEP: takes in, a trained network out, and the table.

parallel  synthesise a parallel set: each sentence by each voice in eight feelings
faces     curves of videos, by MediaPipe: NAME.npz and NAME.wav for `--takes clips=FOLDER`
train     a network on takes; the same command goes on where it was
table     EmoTalk, its ablations, three baselines: train, judge, draw
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from torch import nn

from emotalk_core.atomic_file import ensure_writable
from emotalk_core.errors import InputError

from ..data.captures import CAPTURES
from ..data.sets import KINDS, load_sets
from ..data.takes import Take
from ..folders import held, ready_folder
from .contest import FACES, VARIANTS, Contest, make_parallel_sets, run_contest
from .full_size import FullEmoTalk, check_encoders, export_full
from .loop import chosen_device
from .processes import processes
from .run_folder import refuse_another
from .settings import PaperRun, read_run
from .starter import StarterAnimator, export_starter
from .steps import features_of, train
from .store import Store

__all__ = ["main"]

_CONFIGS: Final = Path(__file__).resolve().parents[1] / "configs" / "paper"


def main(argv: Sequence[str]) -> int:
    """Run one step; errors that a user can mend are the caller's to show."""
    parser = argparse.ArgumentParser(
        prog="python3 run.py train paper",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(dest="step", required=True)
    _add_parallel(steps.add_parser("parallel", help="synthesise a parallel set"))
    _add_faces(steps.add_parser("faces", help="curves of videos"))
    _add_train(steps.add_parser("train", help="train a network on takes"))
    _add_table(steps.add_parser("table", help="train, judge and draw all networks"))
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    run: Callable[[argparse.Namespace], None] = args.run_step
    run(args)
    return 0


def _add_parallel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", type=Path, help="folder; gets train, dev and test")
    parser.set_defaults(run_step=_parallel)


def _parallel(args: argparse.Namespace) -> None:
    ready_folder(args.out)
    make_parallel_sets(args.out)


def _add_faces(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("videos", type=Path, help="folder of films")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of takes")
    parser.add_argument(
        "--landmarker", type=Path, required=True, help="MediaPipe's face_landmarker.task"
    )
    parser.add_argument("--skip-bad", action="store_true", help="leave out films without a face")
    parser.set_defaults(run_step=_faces)


def _faces(args: argparse.Namespace) -> None:
    from ..data.video import convert_videos, mediapipe_landmarker

    with mediapipe_landmarker(args.landmarker) as landmarker:
        convert_videos(args.videos, args.out, landmarker, skip=args.skip_bad)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--takes",
        action="append",
        required=True,
        metavar="KIND=FOLDER",
        help=f"may be repeated; {', '.join(KINDS)}",
    )
    parser.add_argument(
        "--config", type=Path, default=_CONFIGS / "emotalk.toml", help="default: the paper's"
    )
    parser.add_argument("--work", type=Path, default=Path("out") / "paper", help="features")
    parser.add_argument("--run", type=Path, help="run folder; default: WORK/runs/NAME-SEED")
    parser.add_argument("--skip-bad", action="store_true", help="leave out takes with faults")
    _add_changes(parser)
    parser.set_defaults(run_step=_train)


def _train(args: argparse.Namespace) -> None:
    run = read_run(args.config, args.set)
    folder = args.run or args.work / "runs" / f"{run.name}-{run.seed}"
    chosen_device(run.pace.device)  # hours of features come before the network
    if run.network == "emotalk-full":
        check_encoders(run.encoders)
    with processes() as group, ExitStack() as stack:
        takes = load_sets(args.takes, run.persons, skip=args.skip_bad)
        ready_folder(args.work)
        ready_folder(folder)
        if group.is_first:
            stack.enter_context(held(folder))
        if group.is_first:  # one process computes the features, the others read them
            features_of(takes, args.work)
        group.wait()
        store, front_end = features_of(takes, args.work)
        network = train(run, store, folder, front_end, group)
        if group.is_first:
            _export(network, takes, folder / "model", run.name)
            _judge(network, run, store, folder)


def _judge(network: nn.Module, run: PaperRun, store: Store, folder: Path) -> None:
    """Print how far the takes that nothing was learned from are met."""
    from ..evaluate.held_out import judge_held_out

    if (folder / "figures.json").is_file():
        return
    text = judge_held_out(network, run, store, folder)
    if text:
        print(text)  # noqa: T201 - the command's result


def _export(network: nn.Module, takes: Sequence[Take], folder: Path, name: str) -> None:
    """A model folder of networks that an engine can run; of others the log says what there is."""
    if isinstance(network, FullEmoTalk):
        export_full(network, folder, name)
        logging.info("%s: next, emotalk calibrate %s CLIPS, for the sliders", folder, folder)
        return
    if not isinstance(network, StarterAnimator):
        numbers = folder.with_name("network.pt")
        logging.info("%s: the numbers; no engine runs this network, the table judges it", numbers)
        return
    used = [t for t in takes if t.split == "train"]
    export_starter(
        network,
        folder,
        name=name,
        takes=len(used),
        speakers=len({t.speaker for t in used}),
        minutes=sum(len(t.curves) for t in used) / 1800.0,
    )
    logging.info("%s: choose this folder as model in EmoTalk", folder)


def _add_table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=_CONFIGS / "table.toml")
    parser.add_argument("--work", type=Path, default=Path("out") / "paper")
    parser.add_argument("--data", type=Path, help="folder with grid_mp, facegood_zh, llf")
    parser.add_argument("--head", type=Path, help="npz of another head, for the millimetres")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--pictures", type=Path, help="folder for the pictures; default: WORK")
    parser.add_argument("--text", type=Path, help="file for the table; default: WORK/table.md")
    parser.add_argument(
        "--judge-only", action="store_true", help="judge the runs that are there, train none"
    )
    _add_changes(parser)
    parser.set_defaults(run_step=_table)


def _add_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set", action="append", default=[], metavar="SETTING=VALUE", help="as pace.steps=1000"
    )


def _table(args: argparse.Namespace) -> None:
    from ..evaluate.table import Places, write_table

    contest = Contest(args.work / "runs", args.config, tuple(args.seeds), tuple(args.set))
    _check_table(args, contest)
    parallel = args.work / "parallel"
    make_parallel_sets(parallel)
    store, front_end = features_of(
        load_sets([f"parallel={parallel}"], FACES, faces=FACES), args.work
    )
    if not args.judge_only:
        run_contest(contest, store, front_end)
    write_table(contest, store, Places(args.work, args.data, args.head, args.pictures, args.text))


def _check_table(args: argparse.Namespace, contest: Contest) -> None:
    """Refuse now what would end the command after an hour."""
    from ..evaluate.mesh import read_head

    if args.data and not any((args.data / name).is_dir() for name in CAPTURES):
        raise InputError(
            "No real curves",
            value=args.data,
            remedy=f"Give --data a folder with any of {', '.join(CAPTURES)}, or leave it out.",
        )
    if len(set(contest.seeds)) < len(contest.seeds):
        raise InputError(
            "A seed is given twice",
            value=" ".join(map(str, contest.seeds)),
            remedy="Give each once: its runs would count double.",
        )
    for seed in contest.seeds:
        for variant in VARIANTS:
            refuse_another(contest.settings(variant, seed), contest.folder(variant, seed))
    if args.head:
        read_head(args.head)
    for folder in filter(None, (args.work, args.pictures)):
        ready_folder(folder)
    if args.text:
        ensure_writable(args.text)
