"""Training on speech that is not there: losses ask for the right thing, runs resume, labels reach
the right frames.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.errors import InputError
from emotalk_core.model.config import PHONES as MOUTHS
from emotalk_core.model.config import ModelConfig
from emotalk_core.shaping.aperture import MM

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.model.network import Starter  # noqa: E402
from training import trainer  # noqa: E402
from training.batches import CONTEXT_FRAMES, Batch, Clips, draw_feeling  # noqa: E402
from training.config import read_run_config  # noqa: E402
from training.datasets import NOBODY, Recording, split_of  # noqa: E402
from training.faces.phones import Phone, phone_numbers  # noqa: E402
from training.features import MARGIN_S, FeatureSet  # noqa: E402
from training.losses import (  # noqa: E402
    PROBES,
    UNKNOWN,
    LossWeights,
    Predicted,
    Target,
    face_loss,
    probe_matrix,
)
from training.trainer import Pupil, TrainSettings, face_parts, name_parts, train  # noqa: E402

GOLDEN = Path(__file__).parents[1] / "golden" / "faces"
CONFIG = replace(
    ModelConfig(),
    front_end=replace(ModelConfig().front_end, width=16),
    content=replace(ModelConfig().content, width=24),
    decoder=replace(ModelConfig().decoder, width=24),
)
PHONES = (
    Phone(0.0, 0.3, "_", "silence"),
    Phone(0.3, 0.6, "AA1", "open"),
    Phone(0.6, 0.7, "P", "closure"),
    Phone(0.7, 1.1, "AA1", "open"),
    Phone(1.1, 1.5, "_", "silence"),
)
SECONDS = 1.5


def made_set(n_copies: int = 2) -> tuple[list[Recording], FeatureSet]:
    """Two recordings whose states say at each moment which kind of phone it is."""
    rng = np.random.default_rng(0)
    recordings = [
        Recording(
            f"made/{i}",
            (rng.standard_normal(24_000) * 100).astype(np.int16),
            "s",
            "train",
            PHONES,
            seconds=SECONDS,
        )
        for i in range(2)
    ]
    length = round((SECONDS + 2 * MARGIN_S) * 50) + 5
    states, names, copies, phases, lags = [], [], [], [], []
    kinds = ["silence", "open", "closure"]
    for number, recording in enumerate(recordings):
        for copy in range(n_copies):
            one = rng.standard_normal((length, 3, 16)) * 0.1
            phase, lag = 0.04 * number, copy % 3
            before = MARGIN_S + phase + lag / 30.0
            for phone in PHONES:
                a, b = (round((t + before) * 50) for t in (phone.start_s, phone.end_s))
                one[a:b, :, kinds.index(phone.kind)] += 2.0
            states.append(one)
            names.append(recording.name)
            copies.append(copy)
            phases.append(phase)
            lags.append(lag)
    n = len(states)
    return recordings, FeatureSet(
        np.concatenate(states).astype(np.float16),
        np.full(n * length, -10.0, np.float32),
        np.array(names),
        np.array(copies),
        np.arange(n) * length,
        np.full(n, length),
        np.array(phases),
        np.array(lags),
    )


def clips(kind: type[Clips] = Clips) -> Clips:
    return kind([(*made_set(), 1.0)], n_styles=CONFIG.n_styles)


def run(folder: Path, steps: int, kind: type[Clips] = Clips) -> dict[str, float]:
    """Train a small network and give the last dev measurement."""
    torch.manual_seed(0)
    folder.mkdir(exist_ok=True)
    settings = TrainSettings(steps=steps, pairs=2, frames=48, save_every=20, warmup=5, average=0.9)
    pupil, sets = Pupil(Starter(CONFIG)), (clips(kind), clips())
    train(pupil, sets, settings, face_parts(LossWeights()), folder, seed=(1,))

    lines = [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] == "dev"][-1]


def answer(values: torch.Tensor) -> Predicted:
    """A network that presses no lips together."""
    return Predicted(values, values, torch.full((2, 10), -20.0), torch.zeros(2, 16, len(MOUTHS)))


def target(**curves: torch.Tensor) -> Target:
    base = {n: torch.zeros(2, 10) for n in ("closed", "tucked", "activity")}
    base |= {
        "values": torch.zeros(2, 10, 52),
        "free": torch.zeros(2, 10, 52),
        "valid": torch.ones(2, 10),
        "labelled": torch.ones(2),
        "channels": torch.ones(2, 52),
        "phones": torch.zeros(2, 16, dtype=torch.long),
    }
    return Target(**(base | curves))


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    first, last = run(tmp_path / "a", 20), run(tmp_path / "b", 120)
    assert last["loss"] < 0.6 * first["loss"]


def test_naming_phones_moves_what_may_learn_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Starter(CONFIG)
    network.requires_grad_(requires_grad=False)
    network.content.phones.requires_grad_(requires_grad=True)
    before = {n: p.clone() for n, p in network.named_parameters()}
    settings = TrainSettings(steps=40, pairs=2, frames=48, save_every=20, warmup=5, average=0.9)

    train(Pupil(network), (clips(), clips()), settings, name_parts, tmp_path, seed=(1,))

    lines = [json.loads(line) for line in (tmp_path / "curve.jsonl").read_text().splitlines()]
    first, last = (line["loss"] for line in lines if line["kind"] == "dev")
    assert last < first
    moved = {n for n, p in network.named_parameters() if not torch.equal(p, before[n])}
    assert moved
    assert all(n.startswith("content.phones.") for n in moved)


def test_an_interrupted_run_goes_on_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "_REPORT_EVERY", 5)

    class DeathError(Exception):
        pass

    class Mortal(Clips):
        left = 30

        def batch(self, *arguments: Any) -> Batch:
            self.left -= 1
            if not self.left:
                raise DeathError
            return super().batch(*arguments)

    run(tmp_path / "whole", 40)
    with pytest.raises(DeathError):
        run(tmp_path / "parts", 40, Mortal)
    assert torch.load(tmp_path / "parts" / "state.pt", weights_only=True)["step"] == 20
    run(tmp_path / "parts", 40)

    for file, part in (("state.pt", "pupil"), ("best.pt", "averaged")):
        whole, parts = (torch.load(tmp_path / n / file)[part] for n in ("whole", "parts"))
        for name, numbers in whole.items():
            assert torch.equal(parts[name], numbers), f"{file}: {name}"
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")
    assert len(losses(tmp_path / "whole")) == 8 + 2


def losses(folder: Path) -> list[tuple[int, str, float]]:
    """What a run wrote down."""
    lines = [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]
    return [(line["step"], line["kind"], line["loss"]) for line in lines]


def test_labels_stand_where_the_sound_is() -> None:
    batch = clips().batch(4, 48, (1,))
    jaw = batch.target.values[..., arkit.index("jawOpen")]
    states = batch.states[:, CONTEXT_FRAMES * 5 // 3 :, 0, 1]
    for row in range(len(jaw)):
        if batch.weights[row, 0] < 1.0:
            continue
        frames = (np.arange(48) + int(batch.lag[row])) * 5 // 3
        vowel = states[row, frames] > 1.0
        known = batch.target.valid[row] > 0
        if (vowel & known).any() and (~vowel & known).any():
            assert jaw[row][vowel & known].mean() > 2 * jaw[row][~vowel & known].mean()


def test_sounds_stand_where_they_are_heard() -> None:
    batch = clips().batch(4, 48, (1,))
    heard, sounds = batch.states[..., 0, :3].argmax(-1), batch.target.phones
    kinds = torch.tensor([MOUTHS.index(s) for s in ("_", "ɑ", "p")])
    clear = (batch.states[..., 0, :3].max(-1).values > 1.5) & (sounds != UNKNOWN)
    assert clear.sum() > 100
    assert (kinds[heard] == sounds)[clear].float().mean() > 0.95


def batch_of(**changes: object) -> Batch:
    """A batch of recordings with `changes`."""
    recordings, features = made_set()
    changed = [replace(r, **changes) for r in recordings]
    return Clips([(changed, features, 1.0)], n_styles=CONFIG.n_styles).batch(6, 48, (1,))


def test_what_nobody_wrote_down_is_unknown_and_quiet_sounds_are_silence() -> None:
    assert (batch_of(phones=()).target.phones == UNKNOWN).all()
    quiet = batch_of(phones=(), speaker=NOBODY).target.phones
    assert set(quiet.unique().tolist()) == {UNKNOWN, 0}  # beyond a clip nothing is known


def test_a_loud_silence_is_no_label() -> None:
    half_written = (PHONES[0], *PHONES[3:])  # without the first vowel and the p
    sound = (np.random.default_rng(0).standard_normal(24_000) * 3000).astype(np.int16)
    sound[:4_800] = sound[17_600:] = 0
    batch = batch_of(phones=half_written, source=sound)
    spoken = (batch.states[..., 0, 1:3] > 1.5).any(-1)
    silent = batch.states[..., 0, 0] > 1.5
    assert (batch.target.phones[spoken] == 0).float().mean() < 0.02
    assert (batch.target.phones[silent] == 0).float().mean() > 0.8


def test_a_mouth_s_number_follows_the_phones_and_their_parts() -> None:
    phones = (Phone(0.1, 0.3, "AY1", "open"), Phone(0.3, 0.4, "P", "closure"))
    times = np.array([0.05, 0.15, 0.25, 0.35, 0.45])
    wanted = ("_", "a", "ɪ", "p", "_")
    assert [MOUTHS[n] for n in phone_numbers(phones, times)] == list(wanted)


def test_a_wrong_name_costs_and_an_unknown_sound_does_not() -> None:
    sounds = torch.full((2, 16), UNKNOWN)
    sounds[0, 3:9] = 2
    face = torch.zeros(2, 10, 52)

    def cost(named: int) -> float:
        logits = torch.zeros(2, 16, len(MOUTHS))
        logits[..., named] = 10.0
        logits[1, :, 5] = 30.0  # where nothing is known
        predicted = replace(answer(face), phones=logits)
        return float(face_loss(predicted, target(phones=sounds), LossWeights())["phones"])

    assert cost(2) < 1.0 < cost(7)


def test_lip_gap_per_unit_is_the_measured_heads() -> None:
    with (GOLDEN / "lip_probes.csv").open(newline="", encoding="utf-8") as file:
        rows = {row.pop("channel"): row for row in csv.DictReader(file)}
    measured = np.array([[float(rows[c][p]) for p in PROBES] for c in arkit.CHANNELS])

    np.testing.assert_allclose(MM, measured[:, 0], atol=1e-6)
    np.testing.assert_allclose(10.0 * probe_matrix(), measured, atol=1e-5)


def test_pairs_are_two_copies_of_one_stretch() -> None:
    batch = clips().batch(3, 48, (1,))
    for a, b in ((0, 1), (2, 3), (4, 5)):
        assert torch.equal(batch.target.values[a], batch.target.values[b])
        assert torch.equal(batch.weights[a], batch.weights[b])
        assert not torch.equal(batch.states[a], batch.states[b])


def test_open_lips_in_a_closure_cost_more_than_in_a_vowel() -> None:
    predicted = torch.zeros(2, 10, 52)
    predicted[..., arkit.index("jawOpen")] = 0.2
    free = face_loss(answer(predicted), target(activity=torch.ones(2, 10)), LossWeights())
    shut = face_loss(
        answer(predicted),
        target(activity=torch.ones(2, 10), closed=torch.ones(2, 10)),
        LossWeights(),
    )
    assert shut["probes"] > 3 * free["probes"]


def test_a_gate_that_misses_a_contact_costs() -> None:
    closed = torch.zeros(2, 10)
    closed[:, 4:6] = 1.0
    face = torch.zeros(2, 10, 52)
    right = replace(answer(face), contact=20.0 * (2.0 * closed - 1.0))
    cost, none = (face_loss(p, target(closed=closed), LossWeights()) for p in (answer(face), right))
    assert cost["contact"] > 1.0 > 0.01 > none["contact"]


def test_unlabelled_clips_cost_nothing_but_consistency() -> None:
    predicted = torch.rand(2, 10, 52, generator=torch.Generator().manual_seed(0))
    sounds = torch.full((2, 16), UNKNOWN)
    parts = face_loss(
        answer(predicted), target(labelled=torch.zeros(2), phones=sounds), LossWeights()
    )
    assert parts.pop("consistency") > 0
    assert sum(parts.values()) == 0


def test_motion_in_silence_costs() -> None:
    still, moving = torch.zeros(2, 10, 52), torch.zeros(2, 10, 52)
    moving[:, ::2, 17] = 0.05
    assert face_loss(answer(still), target(), LossWeights())["still"] == 0
    assert face_loss(answer(moving), target(), LossWeights())["still"] > 0


def test_feelings_cover_the_sliders() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_feeling(rng) for _ in range(500)]
    weights = np.stack([w for w, _ in drawn])
    assert (weights.max(axis=0) == 1.0).all()  # each emotion alone
    assert ((weights > 0.05).sum(axis=1) > 1).mean() > 0.05  # blends
    assert max(i for _, i in drawn) > 1.8
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)


def test_a_speaker_stays_in_one_split() -> None:
    assert {split_of(f"speaker{i}") for i in range(200)} == {"train", "dev"}
    assert split_of("speaker1") == split_of("speaker1")


def test_shipped_config_is_read_and_faults_are_named(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "training" / "configs" / "starter.toml"
    assert read_run_config(shipped).name == "starter"
    assert read_run_config(shipped.with_name("actors.toml")).listener.held_back == 1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[face]\nstepz = 3", "stepz"),
        ('[listener]\ndecay = "a"', "listener.decay = 'a'.*like 0.001"),
        ("listener = 3", "listener is a group"),
        ("[listener]\ndecay = -1", "listener.decay = -1.0"),
        ("[listener]\ndecay = nan", "listener.decay = nan"),
        ("[listener]\nevery = 0", "every = 0"),
        ("[listener]\nlayers = [1, 2]", r"layers = \[1.0, 2.0\]"),
        ('[listener]\nlayers = ["a", 0, 0]', "listener.layers"),
    ],
)
def test_a_faulty_config_is_named(tmp_path: Path, text: str, said: str) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text)
    with pytest.raises(InputError, match=said):
        read_run_config(wrong)
