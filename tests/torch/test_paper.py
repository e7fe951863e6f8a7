"""The paper's training: pairs that belong together, losses that ask for the exchange, runs that go
on and share their work.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.errors import InputError, SetupError

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from tests.torch.paper_takes import losses_of, made_store, settings  # noqa: E402
from training.features import FrontEnd  # noqa: E402
from training.paper import loop  # noqa: E402
from training.paper.align import proportional, through, warp  # noqa: E402
from training.paper.animator import mean_motion, stretched, swap_pairs  # noqa: E402
from training.paper.batches import Batch, Pairs  # noqa: E402
from training.paper.processes import ALONE, Processes, processes  # noqa: E402
from training.paper.settings import read_run  # noqa: E402
from training.paper.steps import network_of, train  # noqa: E402

ROOT = Path(__file__).parents[2]


class Standing:
    """In place of the front end: nothing but what a run folder names it by."""

    def states_of(self, samples: np.ndarray, top_raise: float) -> tuple[np.ndarray, np.ndarray]:
        return samples[:, None], samples + top_raise


FRONT_END: FrontEnd = Standing()  # type: ignore[assignment]


def run(folder: Path, *changes: str, until: int | None = None) -> torch.nn.Module:
    return train(settings(*changes), made_store(), folder, FRONT_END, until=until)


def drawn(seed: int = 0, group: Processes = ALONE) -> Batch:
    store = made_store()
    return Pairs(store, range(12), need_pairs=True).batch(4, (seed,), group)


def test_rows_of_a_pair_exchange_their_feelings() -> None:
    batch = drawn()
    felt = batch.faces.curves[:, 0, 43]
    said = batch.faces.curves[..., 17].amax(1)
    assert not torch.equal(felt, swap_pairs(felt))
    assert (batch.cross.valid.sum(1) > 0).all()
    torch.testing.assert_close(batch.cross.curves[:, 0, 43], swap_pairs(felt))
    torch.testing.assert_close(batch.cross.curves[..., 17].amax(1), said)


def test_positions_lead_to_the_frame_that_says_the_same() -> None:
    """DTW brings each cross frame to the same word; proportion would do here too, up to an edge."""
    batch = drawn(3)
    for row in range(len(batch.position)):
        n = int(batch.cross.valid[row].sum())
        heard = batch.faces.curves[row, batch.position[row, :n].round().long(), 17]
        wanted = batch.cross.curves[row, :n, 17]
        assert ((heard - wanted).abs() > 0.01).float().mean() < 0.2


def test_warping_finds_a_bend_that_proportion_cannot() -> None:
    rng = np.random.default_rng(2)
    phrase = np.repeat(rng.standard_normal((12, 8)), 5, axis=0)
    bent = np.concatenate([np.repeat(phrase[:30], 2, axis=0), phrase[30:]])  # first half slower
    true = np.concatenate([np.arange(60) / 2, np.arange(30, 60)])

    path = warp(phrase, bent)

    assert np.abs(path.to_reference - true).mean() < 1.5
    assert np.abs(proportional(90, 60) - true).mean() > 4
    identity = through(path, path)
    assert np.abs(identity - np.arange(90)).max() <= 5  # within one repeated feature


def test_emotion_is_stretched_from_its_own_length_to_the_other() -> None:
    ramp = torch.arange(10.0)[None, :, None]
    out = stretched(ramp, torch.tensor([5]), torch.tensor([9]), 12)[0, :, 0]
    torch.testing.assert_close(out[:9], torch.linspace(0, 4, 9))
    assert (out[9:] == 4).all()  # padding repeats the last frame


def test_cross_loss_falls_only_when_the_partner_is_listened_to(tmp_path: Path) -> None:
    network = run(tmp_path, "pace.steps=150", "pace.check_every=150", "pace.report_every=150")
    network.eval()
    batch = drawn(1)
    with torch.no_grad():
        crossed = network.losses(batch, 0.0)["cross"]
        deaf = Batch(**{**vars(batch), "states": batch.states.roll(2, 0)})
        other = network.losses(deaf, 0.0)["cross"]
    assert crossed < 0.3 * other


def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    run(tmp_path / "parts", until=4)
    run(tmp_path / "parts", until=8)
    again = run(tmp_path / "parts")

    for a, b in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert losses_of(tmp_path / "parts") == losses_of(tmp_path / "whole")
    assert len(losses_of(tmp_path / "parts")) == 12


def die_in_the_eighth_step(folder: Path, *changes: str) -> None:
    class DeathError(Exception):
        pass

    class Mortal(Pairs):
        def batch(self, n_pairs: int, seed: tuple[int, ...], group: Processes = ALONE) -> Batch:
            if seed == (1, 7):
                raise DeathError
            return super().batch(n_pairs, seed, group)

    from training.paper import steps

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "Pairs", Mortal)
        with pytest.raises(DeathError):
            run(folder, *changes)


def test_steps_after_the_last_checkpoint_are_all_that_a_death_costs(tmp_path: Path) -> None:
    die_in_the_eighth_step(tmp_path)
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 4

    run(tmp_path)
    lines = (tmp_path / "curve.jsonl").read_text().splitlines()
    steps_seen = [json.loads(line)["step"] for line in lines]
    assert sorted(set(steps_seen)) == list(range(1, 13))
    assert len(losses_of(tmp_path)) == 12


def test_a_death_between_two_reports_changes_neither(tmp_path: Path) -> None:
    die_in_the_eighth_step(tmp_path / "parts", "pace.report_every=3")  # the checkpoint is at 4
    run(tmp_path / "parts", "pace.report_every=3")
    run(tmp_path / "whole", "pace.report_every=3")
    assert losses_of(tmp_path / "parts") == losses_of(tmp_path / "whole")


def test_the_step_that_made_the_dev_takes_best_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ("pace.keep=best", "pace.check_every=2")
    losses = iter([5.0, 4.0, 1.0, 3.0, 2.0, 6.0] * 3)
    monkeypatch.setattr(loop, "measure", lambda *_: {"self": next(losses)})
    whole = run(tmp_path / "whole", *changes)
    run(tmp_path / "parts", *changes, until=8)
    parts = run(tmp_path / "parts", *changes)

    best = run(tmp_path / "best", "pace.check_every=100", until=6).state_dict()
    numbers = torch.load(tmp_path / "whole" / "network.pt", weights_only=True)["network"]
    for found in (whole.state_dict(), parts.state_dict(), numbers):
        assert all(torch.equal(best[name], found[name]) for name in best)


def test_a_take_without_a_partner_moves_as_much_as_one_with() -> None:
    store = made_store(pairs=False)
    lonely = Pairs(store, range(12), need_pairs=False).batch(4, (0,))
    own = torch.ones(8)
    assert mean_motion(own, torch.zeros(8), lonely) == 1.0
    assert mean_motion(own, own, drawn()) == 1.0


def test_nothing_is_told_of_cross_faces_where_there_are_none(tmp_path: Path) -> None:
    store = made_store(pairs=False)
    lonely = Pairs(store, range(12), need_pairs=False)
    network = run(tmp_path)

    found = loop.measure(network, lonely, settings(), torch.device("cpu"))

    assert "cross" not in found
    assert found["self"] > 0


def test_a_run_folder_explains_itself(tmp_path: Path) -> None:
    run(tmp_path, "pace.sample_every=12")
    about = json.loads((tmp_path / "about.json").read_text())
    assert about["settings"]["losses"]["velocity"] == 0.5
    assert about["revision"]
    takes = (tmp_path / "takes.csv").read_text().splitlines()
    assert len(takes) == 13
    assert takes[1].startswith("made/000,s0,train,w0,neutral,0,0,24,")
    assert (tmp_path / "samples" / "step_000012.png").stat().st_size > 1000
    assert losses_of(tmp_path, "dev")


def test_a_machine_without_git_trains_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run(tmp_path / "run", until=1)
    assert json.loads((tmp_path / "run" / "about.json").read_text())["revision"] == "unknown"


def test_going_on_with_other_settings_is_refused(tmp_path: Path) -> None:
    run(tmp_path, until=4)
    before = (tmp_path / "state.pt").read_bytes()
    with pytest.raises(InputError, match=r"losses.cross was 1.0, is 0.5.*another --run folder"):
        run(tmp_path, "losses.cross=0.5")
    run(tmp_path, "pace.report_every=2", until=4)  # how often it reports is its own affair
    assert (tmp_path / "state.pt").read_bytes() == before


@pytest.mark.parametrize("until", [4, None])
def test_other_takes_are_refused_and_what_was_learned_from_stays_on_record(
    tmp_path: Path, until: int | None
) -> None:
    run(tmp_path, until=until)
    record = (tmp_path / "takes.csv").read_bytes()
    store = made_store()
    mended = replace(store.takes[3], curves=store.takes[3].curves + 0.1)
    takes = (*store.takes[:3], mended, *store.takes[4:])

    with pytest.raises(InputError, match=r"other takes: '1 .*first: made/010.*another --run"):
        train(settings(), replace(store, takes=takes), tmp_path, FRONT_END)

    assert (tmp_path / "takes.csv").read_bytes() == record


@pytest.mark.parametrize("left", ["", "\n\n"])
def test_takes_that_a_full_disk_cut_are_named(tmp_path: Path, left: str) -> None:
    run(tmp_path, until=4)
    (tmp_path / "takes.csv").write_text(left)
    with pytest.raises(InputError, match=r"Not what a run leaves.*takes\.csv"):
        run(tmp_path)


def test_a_line_that_a_full_disk_cut_is_written_anew(tmp_path: Path) -> None:
    run(tmp_path, until=4)
    with (tmp_path / "curve.jsonl").open("a") as curve:
        curve.write('{"step": 5, "ki')
    run(tmp_path)
    assert len(losses_of(tmp_path)) == 12


def test_settings_that_are_cut_short_are_named(tmp_path: Path) -> None:
    run(tmp_path, until=4)
    (tmp_path / "about.json").write_text('{"settings": {')
    with pytest.raises(InputError, match=r"about\.json"):
        run(tmp_path)


def test_a_broken_checkpoint_is_named(tmp_path: Path) -> None:
    run(tmp_path, until=4)
    (tmp_path / "state.pt").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(InputError, match=r"state\.pt"):
        run(tmp_path)


def test_takes_without_pairs_are_refused_only_where_they_are_needed(tmp_path: Path) -> None:
    alone = made_store(pairs=False)
    with pytest.raises(InputError, match=r"No pairs.*cross = 0"):
        train(settings(), alone, tmp_path / "a", FRONT_END)
    train(settings("losses.cross=0"), alone, tmp_path / "b", FRONT_END)
    assert (tmp_path / "b" / "network.pt").is_file()


def test_a_run_that_leaves_the_numbers_stops_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ran away.*learning_rate"):
        run(tmp_path, "pace.learning_rate=1e30")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("pace.stepz=3", "pace.stepz"),
        ("pace.steps=many", "pace.steps"),
        ("network=gan", "gan"),
        ("align=dtv", "dtv"),
        ("pace.precision=fp8", "fp8"),
        ("steps", "pace.steps=1000"),
        ("pace.device=tpu", "tpu"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, change: str, named: str) -> None:
    with pytest.raises((InputError, SetupError), match=named):
        run(tmp_path, change, until=1)


def test_a_card_that_cannot_add_leaves_training_to_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("No kernel.")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for sum_of in ("ones", "zeros"):
        monkeypatch.setattr(torch, sum_of, broken)

    assert loop.chosen_device("auto").type == "cpu"
    with pytest.raises(SetupError, match="No kernel"):
        loop.chosen_device("cuda")


def test_defaults_are_the_papers() -> None:
    losses, pace = read_run(None).losses, read_run(None).pace
    assert (losses.cross, losses.self, losses.velocity, losses.classification) == (1, 1, 0.5, 0.1)
    assert (pace.learning_rate, 2 * pace.pairs) == (1e-4, 8)
    assert read_run(ROOT / "training/configs/paper/emotalk.toml") == read_run(None)


def test_bf16_stays_near_fp32(tmp_path: Path) -> None:
    run(tmp_path / "a", "pace.dropout=false")
    run(tmp_path / "b", "pace.dropout=false", "pace.precision=bf16")
    a, b = (np.array(losses_of(tmp_path / n)) for n in "ab")
    np.testing.assert_allclose(b, a, rtol=0.1)
    assert not np.array_equal(a, b)


def test_ablations_leave_out_what_they_say() -> None:
    batch = drawn()
    whole = network_of(settings(), made_store())
    single = network_of(settings("sizes.disentangle=false"), made_store())
    unguided = network_of(settings("sizes.guided=false"), made_store())
    assert "cross" in whole.losses(batch, 0.0)
    assert "cross" not in single.losses(batch, 0.0)
    assert single.emotion is single.content
    sizes = [sum(p.numel() for p in n.parameters()) for n in (whole, single, unguided)]
    assert sizes[0] > max(sizes[1:])


def test_takes_without_feelings_move_the_same_parameters() -> None:
    # Each process has takes of its own, and gradients are joined in order.
    network, told = network_of(settings(), made_store()), drawn()

    def moved(emotion: torch.Tensor) -> set[str]:
        network.zero_grad(set_to_none=True)
        torch.stack(
            [*network.losses(replace(told, emotion=emotion), 0.0).values()]
        ).sum().backward()
        return {n for n, p in network.named_parameters() if p.grad is not None}

    assert moved(torch.full_like(told.emotion, -1)) == moved(told.emotion)


def test_each_process_takes_a_card_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    cards: list[int] = []
    backends: list[str] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", cards.append)
    monkeypatch.setattr(torch.distributed, "init_process_group", backends.append)
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: None)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 3)
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "3")

    with processes() as group:
        assert (group.rank, group.count) == (3, 4)

    assert cards == [3]
    assert backends == ["cpu:gloo,cuda:nccl"]  # pace.device = cpu is answered too


PARALLEL_RUN = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.torch.paper_takes import made_store, settings
from tests.torch.test_paper import FRONT_END
from training.paper.processes import processes
from training.paper.steps import train
with processes() as group:
    train(settings("pace.dropout=false"), made_store(), Path(sys.argv[1]), FRONT_END, group)
"""


def test_two_processes_learn_as_one_with_twice_the_batch(tmp_path: Path) -> None:
    run(tmp_path / "one", "pace.dropout=false", "pace.pairs=4")
    script = tmp_path / "run.py"
    script.write_text(PARALLEL_RUN.format(root=str(ROOT)))
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run"]
    command += ["--standalone", "--local-addr=localhost", "--nproc-per-node=2"]  # its own free port
    command += [str(script), str(tmp_path / "two")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr

    one, two = (np.array(losses_of(tmp_path / n)) for n in ("one", "two"))
    assert len(one) == len(two) == 12
    np.testing.assert_allclose(two, one, atol=1e-4)
    assert one[-1] < 0.8 * one[0]  # it learned something that could have differed
