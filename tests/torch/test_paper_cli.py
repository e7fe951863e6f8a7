"""The commands: from a folder of takes to a model; faults are one line and exit code 2."""

from __future__ import annotations

import json
import logging
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core import arkit  # noqa: E402
from emotalk_core.clip import Clip  # noqa: E402
from emotalk_core.clip_files import write_clip  # noqa: E402
from emotalk_core.errors import SetupError  # noqa: E402
from emotalk_core.model.folder import load_model, starter_folder  # noqa: E402
from tests.torch.paper_takes import made_store, settings  # noqa: E402
from tests.torch.test_paper import FRONT_END  # noqa: E402
from tests.torch.test_takes import curves, write_sound  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.folders import held  # noqa: E402
from training.paper.settings import read_run  # noqa: E402
from training.paper.steps import train  # noqa: E402

STUDIO = Path(__file__).parents[2] / "training" / "configs" / "paper" / "studio.toml"


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    folder = tmp_path / "takes"
    for k in range(3):
        write_sound(folder / f"t{k}.wav", 0.6)
        clip = Clip(curves(0.6), arkit.CHANNELS, Fraction(30))
        write_clip(clip, folder / f"t{k}.csv")
    return folder


def command(takes: str, work: Path, *more: str) -> list[str]:
    few = ("pace.steps=2", "pace.pairs=1", "pace.sample_every=0", "pace.check_every=2")
    changes = [part for change in few for part in ("--set", change)]
    return [
        "paper", "train", "--takes", takes, "--work", str(work), "--config", str(STUDIO),
        *changes, *more,
    ]  # fmt: skip


def test_a_folder_of_takes_becomes_a_model_and_the_same_command_is_done(
    takes: Path, tmp_path: Path
) -> None:
    logging.getLogger().handlers.clear()
    assert main(command(f"clips={takes}", tmp_path / "work")) == 0
    run = tmp_path / "work" / "runs" / "studio-1"
    model = load_model(run / "model")
    assert model.config.name == "studio"
    assert "3 of 1\nspeakers" in (run / "model" / "MODEL_CARD.md").read_text()
    for name in ("LICENSE-whisper", "NOTICE"):  # what is derived goes with its licence
        assert (run / "model" / name).read_bytes() == (starter_folder() / name).read_bytes()
    before = (run / "network.pt").read_bytes()
    assert main(command(f"clips={takes}", tmp_path / "work")) == 0
    assert (run / "network.pt").read_bytes() == before


@pytest.mark.parametrize(
    ("takes_spec", "more", "said"),
    [
        ("clips=/no/such/folder", (), "/no/such/folder"),
        ("movies=x", (), "movies=x"),
        ("clips=HERE", ("--set", "pace.stepz=2"), "pace.stepz"),
        ("clips=HERE", ("--config", "/no/such.toml"), "/no/such.toml"),
        ("clips=HERE", ("--set", "network=gan"), "network = gan"),
        ("clips=HERE", ("--set", "name.x=1"), "name has no fields: write name=VALUE."),
        ("clips=HERE", ("--set", "name=../mine"), "'name = ../mine'. It names a folder"),
        ("clips=HERE", ("--set", "name=.."), "'name = ..'. It names a folder"),
        ("clips=HERE", ("--set", "pace=3"), "write pace.FIELD=VALUE with one of steps, pairs,"),
        ("clips=HERE", ("--set", "pace.steps=0"), "'pace.steps = 0'. Give it 1 or more."),
        ("clips=HERE", ("--set", "pace.pairs=0"), "'pace.pairs = 0'. Give it 1 or more."),
        ("clips=HERE", ("--set", "pace.report_every=0"), "pace.report_every = 0"),
        ("clips=HERE", ("--set", "pace.learning_rate=0"), "Give it more than 0"),
        ("clips=HERE", ("--set", "pace.learning_rate=nan"), "pace.learning_rate = nan"),
        ("clips=HERE", ("--set", "pace.learning_rate=inf"), "Give it less than"),
        ("clips=HERE", ("--set", "losses.cross=-1"), "'losses.cross = -1.0'. Give it 0 or more."),
        ("clips=HERE", ("--set", "seed=-1"), "'seed = -1'. Give it 0 or more."),
        ("clips=HERE", ("--set", "losses.cross=1.0"), "No pairs"),
        ("clips=HERE", ("--set", "persons=0"), "persons"),
        ("clips=HERE", ("--set", "persons=9999999999"), "Give it less than 65536."),
        ("clips=HERE", ("--set", "sizes.branch=9999999999"), "Give it less than 65536."),
    ],
)
def test_a_fault_is_one_line_and_exit_code_2(
    takes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    takes_spec: str,
    more: tuple[str, ...],
    said: str,
) -> None:
    spec = takes_spec.replace("HERE", str(takes))
    assert main(command(spec, tmp_path / "work", *more)) == 2
    (line,) = [x for x in capsys.readouterr().err.splitlines() if not x[:4].isdigit()]
    assert said in line


def test_what_is_given_twice_or_is_no_encoder_is_refused_before_anything_slow(
    takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, work = f"clips={takes}", tmp_path / "work"
    assert main(command(spec, work, "--takes", f"clips={takes}/../takes")) == 2
    assert "A set is given twice" in capsys.readouterr().err
    missing = ("--set", "network=emotalk-full", "--set", "encoders.content=/no/such")
    assert main(command(spec, work, *missing)) == 2
    assert "Not a checkpoint folder of transformers" in capsys.readouterr().err
    assert not work.exists()


def test_a_run_that_never_began_leaves_its_folder_to_other_settings(
    takes: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec, work = f"clips={takes}", tmp_path / "work"
    facts = {"model_type": "wav2vec2", "do_stable_layer_norm": True}
    (tmp_path / "config.json").write_text(json.dumps(facts))
    monkeypatch.setitem(sys.modules, "transformers", None)
    missing = ("--set", "network=emotalk-full", "--set", f"encoders.content={tmp_path}")
    assert main(command(spec, work, *missing)) == 2
    assert (work / "runs" / "studio-1" / "about.json").is_file()
    assert main(command(spec, work)) == 0
    assert "no take has the split dev" in caplog.text
    assert main(command(spec, work, "--set", "pace.warmup=1")) == 2


def test_a_folder_where_a_run_is_at_work_is_refused(
    takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    with held(folder):
        assert main(command(f"clips={takes}", tmp_path / "work", "--run", str(folder))) == 2
    assert "Another run is at work in this folder" in capsys.readouterr().err
    assert [p.name for p in folder.iterdir()] == ["run.lock"]
    with held(folder):  # whoever was refused, or is done, has let go of it
        pass


@pytest.mark.parametrize("option", ["--work", "--run"])
def test_a_file_where_a_folder_should_be_is_named(
    takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    (tmp_path / "file").touch()
    faulty = [option, str(tmp_path / "file" / "inner")]
    assert main(command(f"clips={takes}", tmp_path / "work", *faulty)) == 2
    assert "Not a folder to write into" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--data", "/no/such"), "No real curves: '/no/such'"),
        (("--head", "/no/such.npz"), "Head cannot be read"),
        (("--text", "/no/such/table.md"), "No such folder: '/no/such'"),
        (("--set", "pace.pairs=0"), "pace.pairs = 0"),
        (("--seeds", "1", "-1"), "seed = -1"),
        (("--seeds", "2", "1", "2"), "A seed is given twice: '2 1 2'"),
        (("--config", "NO_TOML"), "Run config is no toml"),
    ],
)
def test_the_table_refuses_before_it_makes_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "Ren\xe9"')
    more = tuple(part.replace("NO_TOML", str(tmp_path / "latin.toml")) for part in more)
    work = tmp_path / "work"
    assert main(["paper", "table", "--work", str(work), *more]) == 2
    assert said in capsys.readouterr().err
    assert not list(work.glob("*"))


def test_the_table_refuses_runs_that_were_trained_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs" / "voca-1"
    changes = ["network=voca", "name=voca"]
    train(settings(*changes, "losses.cross=0"), made_store(), folder, FRONT_END)
    command = ["paper", "table", "--work", str(tmp_path), "--seeds", "1", "--judge-only"]
    assert main(command) == 2
    assert "runs/voca-1 holds a run with other settings" in capsys.readouterr().err


def test_later_changes_stand_over_earlier_ones_and_the_file() -> None:
    run = read_run(STUDIO, ["pace.steps=7", "pace.warmup=0", "pace.steps=9"])
    assert (run.pace.steps, run.pace.warmup, run.pace.pairs, run.name) == (9, 0, 8, "studio")


def test_tensorboard_gets_what_the_curve_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, int]] = []

    def open_board(folder: str) -> SimpleNamespace:
        assert folder.endswith("tensorboard")
        return SimpleNamespace(
            add_scalar=lambda name, value, step: written.append((name, step)), close=lambda: None
        )

    fake = SimpleNamespace(SummaryWriter=open_board)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", fake)
    train(settings("pace.tensorboard=true", "pace.steps=3"), made_store(), tmp_path, FRONT_END)
    assert ("train/cross", 2) in written
    assert ("dev/self", 3) in written


def test_without_tensorboard_the_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
    with pytest.raises(SetupError, match="pip install tensorboard"):
        train(settings("pace.tensorboard=true"), made_store(), tmp_path, FRONT_END)
