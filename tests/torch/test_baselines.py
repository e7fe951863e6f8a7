"""The baselines: each learns, is deterministic where it runs, and looks only where it may."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from tests.torch.paper_takes import losses_of, made_store, settings  # noqa: E402
from tests.torch.test_paper import FRONT_END  # noqa: E402
from training.baselines.meshtalk import MeshTalk  # noqa: E402
from training.baselines.simple import ConstantFace, LoudnessJaw  # noqa: E402
from training.data.takes import Take  # noqa: E402
from training.paper.animator import biased_mask  # noqa: E402
from training.paper.batches import Batch, Faces, collate  # noqa: E402
from training.paper.steps import network_of, train  # noqa: E402

NAMES = ("emotalk", "faceformer", "meshtalk", "voca")


def network(name: str) -> torch.nn.Module:
    return network_of(settings(f"network={name}"), made_store()).eval()


def awake(name: str) -> torch.nn.Module:
    """Outputs start at zero: give them numbers, so that a difference can be seen."""
    made = network(name)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.3)
    return made


@pytest.mark.parametrize("name", NAMES)
def test_each_network_learns(name: str, tmp_path: Path) -> None:
    changes = (f"network={name}", "pace.steps=60", "pace.check_every=60", "pace.dropout=true")
    train(settings(*changes), made_store(), tmp_path, FRONT_END)
    losses = losses_of(tmp_path)
    last = 45 if name == "meshtalk" else 59  # then its second phase begins
    assert np.mean(losses[last - 5 : last]) < 0.6 * np.mean(losses[:5])
    if name == "meshtalk":
        assert losses[-1] < losses[47]


@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_nothing(name: str) -> None:
    made, store = awake(name), made_store()
    with torch.no_grad():
        alone = made.animate(collate(store, [0]))[0]
        beside = made.animate(collate(store, [0, 2]))[0, : len(alone)]
    torch.testing.assert_close(beside, alone, atol=1e-5, rtol=0)  # float32, sums in another order


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_is_not_looked_at(name: str) -> None:
    made, batch = awake(name), collate(made_store(), [0, 1])
    faces = batch.faces
    blind = Batch(**{**vars(batch), "faces": Faces(faces.curves + 5, faces.valid, faces.known)})
    with torch.no_grad():
        assert torch.equal(made.animate(batch), made.animate(blind))


@pytest.mark.parametrize("name", NAMES)
def test_the_person_matters(name: str) -> None:
    made, batch = awake(name), collate(made_store(), [0, 1])
    if name == "meshtalk":
        made.neutral[1] += 1.0
    other = Batch(**{**vars(batch), "person": batch.person + 1})
    with torch.no_grad():
        assert not torch.allclose(made.animate(batch), made.animate(other), atol=1e-4)


def test_the_mask_is_the_papers() -> None:
    mask = biased_mask(65, 4)
    assert mask[0, 10, 11] == -torch.inf
    assert mask[0, 64, 35] == 0
    assert mask[0, 64, 34] == -0.25
    assert mask[3, 64, 4] == -2 / 256


def test_faceformer_is_causal_in_what_it_made() -> None:
    """The first frames do not change when the sound is longer (its branch hears ±14 frames)."""
    made, store = awake("faceformer"), made_store()
    batch = collate(store, [2])
    short = Batch(
        **{
            **vars(batch),
            "faces": Faces(
                *(
                    x[:, :30] if x.ndim > 2 or x.shape[1] != 52 else x
                    for x in vars(batch.faces).values()
                )
            ),
        }
    )
    with torch.no_grad():
        torch.testing.assert_close(made.animate(short)[:, :15], made.animate(batch)[:, :15])


def test_guessing_step_by_step_agrees_with_the_whole_sequence() -> None:
    made = awake("meshtalk")
    assert isinstance(made, MeshTalk)
    audio = torch.randn(2, 25, 128, generator=torch.Generator().manual_seed(0))
    code = made.guesser.guess(audio)
    with torch.no_grad():
        logits = made.guesser(code, audio).unflatten(-1, (8, 64))
    assert torch.equal(logits.argmax(-1), code.unflatten(-1, (8, 64)).argmax(-1))


def test_a_code_is_guessed_from_what_comes_before_it() -> None:
    made = awake("meshtalk")
    assert isinstance(made, MeshTalk)
    audio = torch.zeros(1, 6, 128)
    code = torch.zeros(1, 6, 512)
    changed = code.clone()
    changed[0, 3, 2 * 64 + 5] = 1.0  # head 2 of frame 3
    with torch.no_grad():
        a, b = (made.guesser(c, audio).unflatten(-1, (8, 64)) for c in (code, changed))
    differs = (a - b).abs().amax(-1)[0] > 1e-7
    assert not differs[:3].any()
    assert differs[3].tolist() == [False, False, False, True, True, True, True, True]
    assert differs[4].all()


def test_dumb_baselines_know_the_mean_and_the_loudness() -> None:
    n = 40
    level = np.where(np.arange(n) % 20 < 10, 0.3, 0.003)
    sound = (
        np.repeat(level, 534)[: n * 533].astype(np.float32) * np.tile([1, -1], n * 267)[: n * 533]
    )
    curves = np.zeros((n, 52), np.float32)
    curves[:, 17] = level > 0.1
    curves[:, 3] = 0.2
    take = Take("a", sound, "s", curves=curves)
    np.testing.assert_allclose(ConstantFace([take]).curves(take, 3)[:, 17], curves[:, 17].mean())
    made = LoudnessJaw([take]).curves(take, n)
    assert np.corrcoef(made[:, 17], curves[:, 17])[0, 1] > 0.8
    np.testing.assert_allclose(made[:, 3], 0.2, atol=1e-5)
