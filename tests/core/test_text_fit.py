"""Where a text that fits as a whole is not what is said."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.model.config import PHONES
from emotalk_core.speech.phones import SILENCE
from emotalk_core.speech.text_fit import Fit, unlike_line
from emotalk_core.speech.transcript import Told, told_shares

NARROW_S = 1.0  # of speech that is judged at once at the edges


def heard(*syllables: tuple[str, int]) -> np.ndarray:
    """Shares of syllables of two phones, so many each."""
    said = [phone for two, n in syllables for _ in range(n) for phone in two for _ in range(3)]
    shares = np.full((len(said), len(PHONES)), 0.1 / (len(PHONES) - 1), np.float32)
    shares[np.arange(len(said)), [PHONES.index(phone) for phone in said]] = 0.9
    return shares


def told(*syllables: tuple[str, int]) -> Told:
    """What comes of the text "pa pa ..." of as many syllables."""
    return told_shares(heard(*syllables), (("p", "a"),) * sum(n for _, n in syllables))


def test_a_stretch_of_another_text_is_found_in_its_seconds() -> None:
    ((start_s, end_s),) = told(("pa", 150), ("si", 40), ("pa", 100)).unlike

    assert start_s == pytest.approx(30.0, abs=NARROW_S)
    assert end_s == pytest.approx(38.0, abs=NARROW_S)


def test_two_stretches_are_two() -> None:
    unlike = told(("pa", 100), ("si", 30), ("pa", 100), ("si", 30), ("pa", 120)).unlike

    assert [start_s for start_s, _ in unlike] == pytest.approx([20.0, 46.0], abs=NARROW_S)


@pytest.mark.parametrize("n", [0, 8])
def test_what_is_said_and_a_few_other_words_are_no_stretch(n: int) -> None:
    assert told(("pa", 100), ("si", n), ("pa", 100)).unlike == ()


def test_a_word_that_is_not_said_leaves_what_was_heard() -> None:
    said = heard(("pa", 40), ("si", 4), ("pa", 40))
    odd = slice(40 * 6 + 3, 44 * 6 - 3)  # frames in the middle of what the text lacks

    shares = told_shares(said, (("p", "a"),) * 84).shares

    assert shares[odd] == pytest.approx(said[odd], abs=0.1)
    assert shares[: 36 * 6].max(axis=1) == pytest.approx(1.0, abs=0.01)  # 0.9 as heard


def test_what_fits_is_believed_wholly() -> None:
    fit = Fit(200, 60.0)
    silence, likely = PHONES.index(SILENCE), np.zeros((200, len(PHONES)))
    likely[:100, PHONES.index("p")] = 1.0
    likely[100:, silence] = 1.0
    odds = np.full_like(likely, -4.0)
    odds[50:100, PHONES.index("s")] = 0.0  # there another phone was heard
    odds[:50, PHONES.index("p")] = odds[100:, silence] = 0.0
    fit.add(0, likely, odds)

    trust = fit.trust()

    assert trust[:25] == pytest.approx(1.0)
    assert trust[75:100] == pytest.approx(0.0)
    assert trust[130:] == pytest.approx(1.0)  # pauses are as the text has them


def test_a_line_says_where_and_what_to_do() -> None:
    spans = tuple((10.0 * n, 10.0 * n + 6.0) for n in range(5))

    assert unlike_line(()) == ""
    assert unlike_line(spans[1:2]) == (
        "The text is not what is said from 10.0 s to 16.0 s: mend its words there."
    )
    assert unlike_line(spans).count("from") == 3
    assert "in 2 more stretches: mend" in unlike_line(spans)


def test_commands_tell_it(
    babbling: Path, papa: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fit, "unlike", lambda _: ((1.0, 7.0),))
    folder, told = babbling.parent, "from 1.0 s to 7.0 s"
    (folder / f"{babbling.stem}.txt").write_text(papa, encoding="utf-8")
    report = folder / "report.json"
    commands = (
        ("phones", babbling, "-o", folder / "p.csv", "--text", papa, "--language", "de"),
        (
            "animate",
            babbling,
            "-o",
            folder / "o.npz",
            "--text",
            papa,
            "--language",
            "de",
            "--report",
            report,
        ),
        ("batch", folder, "-o", folder / "out", "--texts", "--language", "de"),
    )

    for command in commands:
        assert cli.main([str(word) for word in command]) == 0
        (line,) = [one for one in capsys.readouterr().err.splitlines() if told in one]
        assert line.startswith(f"emotalk: {babbling}: ")
    for path in (report, folder / "out" / "batch_report.json"):
        (entry,) = json.loads(path.read_text())
        assert any(told in warning for warning in entry["report"]["warnings"])


def test_stretches_are_in_order_and_apart() -> None:
    unlike = told(("si", 30), ("pa", 200), ("si", 30)).unlike

    assert all(one[1] < other[0] for one, other in pairwise(unlike))
    assert len(unlike) == 2
