"""A text that is spoken: read by espeak-ng, and heard where it is said."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.cli import progress as cli_progress
from emotalk_core.clip_files import read_clip
from emotalk_core.doctor import about_espeak
from emotalk_core.engine import Encoding
from emotalk_core.errors import Cancelled, InputError, SetupError
from emotalk_core.model.config import PHONES, ModelConfig
from emotalk_core.speech import transcript
from emotalk_core.speech.phone_files import read_phones
from emotalk_core.speech.transcript import pronounced, with_text, words_of

CONFIG = ModelConfig()
WIDTH = CONFIG.content.width
PAPA = (("p", "a"), ("p", "a"))


def heard(*spans: tuple[str, int], sure: float = 0.9) -> Encoding:
    """Phones that last some frames each, heard with a share of `sure`."""
    columns = [PHONES.index(phone) for phone, n in spans for _ in range(n)]
    content = np.zeros((len(columns), CONFIG.content.full_width), np.float32)
    content[:, WIDTH:] = (1.0 - sure) / (len(PHONES) - 1)
    content[np.arange(len(columns)), WIDTH + np.array(columns)] = sure
    eight = np.zeros((len(columns), 8), np.float32)
    return Encoding(content, eight, eight, np.zeros(len(columns), np.float32))


def share(encoding: Encoding, phone: str) -> np.ndarray:
    return encoding.content[:, WIDTH + PHONES.index(phone)]


def likeliest(encoding: Encoding) -> list[str]:
    path = encoding.content[:, WIDTH:].argmax(axis=1)
    return [PHONES[path[0]], *(PHONES[b] for a, b in pairwise(path) if a != b)]


def test_a_phone_that_is_hardly_heard_is_there_when_the_text_has_it() -> None:
    said = heard(("_", 4), ("p", 3), ("a", 5), ("d", 3), ("a", 5), ("_", 4))
    share(said, "p")[12:15] = 0.08

    told = with_text(said, PAPA, CONFIG)

    assert likeliest(told) == ["_", "p", "a", "p", "a", "_"]
    assert share(told, "p")[13] > 0.9
    np.testing.assert_allclose(told.content[:, WIDTH:].sum(axis=1), 1.0, atol=1e-5)


def test_a_phone_that_the_text_lacks_is_not_there() -> None:
    said = heard(("p", 4), ("a", 5), ("b", 1), ("a", 4), ("p", 4), ("a", 5))

    told = with_text(said, PAPA, CONFIG)

    assert share(told, "b").max() == 0.0
    assert likeliest(told) == ["p", "a", "p", "a"]


def test_pauses_may_stand_between_words_and_need_not() -> None:
    paused = heard(("p", 3), ("a", 4), ("_", 9), ("p", 3), ("a", 4))
    fluent = heard(("p", 3), ("a", 4), ("p", 3), ("a", 4))

    assert likeliest(with_text(paused, PAPA, CONFIG)) == ["p", "a", "_", "p", "a"]
    assert likeliest(with_text(fluent, PAPA, CONFIG)) == ["p", "a", "p", "a"]


def test_what_is_not_sure_stays_soft() -> None:
    said = heard(("p", 8), ("n", 3), ("a", 8))

    told = with_text(said, (("p", "a"),), CONFIG)

    edge = share(told, "p")
    assert (np.diff(edge[1:]) <= 1e-6).all()
    assert ((edge > 0.1) & (edge < 0.9)).sum() >= 2
    assert edge[7] > 0.9 > 0.1 > edge[11]


@pytest.mark.parametrize(
    "words", [(("s", "i", "s", "i"),), (("p", "a") * 40,)], ids=["another", "too long"]
)
def test_a_text_that_is_not_said_is_refused(words: tuple[tuple[str, ...], ...]) -> None:
    said = heard(("p", 4), ("a", 5), ("p", 4), ("a", 5), sure=0.99)

    with pytest.raises(InputError, match="not what is said"):
        with_text(said, words, CONFIG)


def test_a_refused_text_is_told_by_how_its_first_words_sound() -> None:
    words = pronounced("From fairest creatures we desire", "EN")

    with pytest.raises(InputError, match=r"'fɹʌm fɛɹɪst kɹitʃɜz \.\.\."):
        with_text(heard(("a", 4)), words, CONFIG)


def test_a_sound_of_more_than_three_minutes_takes_its_text() -> None:
    spans = [("p", 3), ("a", 4), ("_", 1), ("p", 2), ("a", 4)] * 400
    said = heard(*spans)
    share(said, "p")[2800:2803] = 0.03

    told = with_text(said, PAPA * 400, CONFIG)

    assert likeliest(told) == ["p", "a", "_", "p", "a"] * 400
    assert share(told, "p")[2800:2803].min() > 0.5


def test_without_a_text_all_stays_as_heard() -> None:
    said = heard(("p", 4))

    assert with_text(said, (), CONFIG) is said


def test_words_of_what_espeak_ng_writes() -> None:
    assert words_of("k_ˈɪ_d_z (en)ɑː_(de)\n t_ˈɔː_k") == (
        ("k", "ˈɪ", "d", "z"),
        ("ɑː",),
        ("t", "ˈɔː", "k"),
    )


@pytest.mark.usefixtures("espeak")
def test_a_text_is_read_in_its_language() -> None:
    assert pronounced("Papa!\n", "de") == (("p", "ˈa", "p", "a"),)
    with pytest.raises(InputError, match="klingon"):
        pronounced("Papa!\n", "klingon")
    with pytest.raises(InputError, match="Nothing to say"):
        pronounced("\n", "de")


@pytest.mark.usefixtures("espeak")
def test_a_shells_odd_bytes_in_a_text_do_no_harm() -> None:
    assert pronounced("caf\udce9", "de")


def test_esc_ends_the_program_that_reads_a_text(espeak: Path) -> None:
    espeak.write_text(f"#!/bin/sh\necho $$ > {espeak}.pid\nexec sleep 600\n")
    pid = Path(f"{espeak}.pid")

    def stop(_share: float, _what: str) -> None:
        if pid.is_file() and pid.read_text().strip():
            raise Cancelled

    with pytest.raises(Cancelled):
        pronounced("Papa", "de", stop)

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize("n_hangs", [1, 2])
def test_espeak_ng_is_asked_again_where_it_hangs(
    n_hangs: int, espeak: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "_PATIENCE_S", 0.5)
    hanging(espeak, n_hangs)

    assert pronounced("Papa", "de") == (("p", "ˈa", "p", "a"),)


def test_espeak_ng_that_always_hangs_is_told(espeak: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "_PATIENCE_S", 0.5)
    asked = hanging(espeak, 99)

    with pytest.raises(SetupError, match="does not answer"):
        pronounced("Papa", "de")

    pids = [int(pid) for pid in asked.read_text().split()]
    assert len(pids) == 3
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def hanging(espeak: Path, n: int) -> Path:
    """Let it hang when it is called the first `n` times; where the numbers of its runs stand."""
    asked = Path(f"{espeak}.asked")
    hang = f'echo $$ >> "{asked}"\n[ $(wc -l < "{asked}") -gt {n} ] || exec sleep 600\n'
    script = espeak.read_text(encoding="utf-8")
    espeak.write_text(script.replace("#!/bin/sh\n", f"#!/bin/sh\n{hang}", 1), encoding="utf-8")
    return asked


def test_the_check_up_knows_whether_texts_can_be_read(
    espeak: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert about_espeak().detail == str(espeak)

    monkeypatch.setenv("PATH", "")
    assert not about_espeak().is_well
    assert not about_espeak().is_needed


def test_without_espeak_ng_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(SetupError, match=r"Install it.*: en, .*de, .*fr-fr"):
        pronounced("Papa", "hi")


def run(*words: object) -> int:
    return cli.main([str(word) for word in words])


def test_curves_and_phones_follow_a_text(babbling: Path, papa: str) -> None:
    plain, told = babbling.with_name("plain.npz"), babbling.with_name("told.npz")
    text = babbling.with_name("said.txt")
    text.write_text(papa + "\n", encoding="utf-8")

    assert run("animate", babbling, "-o", plain) == 0
    assert run("animate", babbling, "-o", told, "--text", text, "--language", "de") == 0
    to = babbling.with_name("p.csv")
    assert run("phones", babbling, "-o", to, "--text", papa, "--language", "de") == 0

    assert np.abs(read_clip(told).values - read_clip(plain).values).max() > 0.01
    said = [p.symbol for p in read_phones(to) if p.symbol != "_"]
    assert said


def test_names_that_are_not_said_are_told(
    babbling: Path, papa: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, text = babbling.with_name("o.csv"), f"ANNA: {papa}"

    assert run("animate", babbling, "-o", out, "--text", text, "--language", "de") == 0

    assert "which are not said: ANNA\n" in capsys.readouterr().out


def test_a_list_of_jobs_has_texts_and_makes_anew_what_has_another(
    babbling: Path, papa: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (babbling.parent / "said.txt").write_text(papa, encoding="utf-8")
    jobs = babbling.with_name("jobs.csv")
    jobs.write_text("audio,text,language\nbabbling.wav,said.txt,de\n", encoding="utf-8")
    batch = "batch", jobs, "-o", babbling.parent / "out", "--resume"
    assert run(*batch) == 0
    stamp = (babbling.parent / "out" / "babbling.csv").stat().st_mtime_ns

    assert run(*batch) == 0
    assert (babbling.parent / "out" / "babbling.csv").stat().st_mtime_ns == stamp
    (babbling.parent / "said.txt").write_text(papa + "!", encoding="utf-8")
    assert run(*batch) == 0
    assert (babbling.parent / "out" / "babbling.csv").stat().st_mtime_ns != stamp


def test_the_progress_tells_that_a_text_is_followed(
    babbling: Path, papa: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_progress, "_INTERVAL_S", 0.0)
    out = babbling.with_name("out.csv")

    told = "--text", papa, "--language", "de"
    assert run("animate", babbling, "-o", out, *told, "--progress", "json") == 0

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    shares = [line["progress"] for line in lines]
    assert "Following the text" in {line["doing"] for line in lines}
    assert shares == sorted(shares)


@pytest.mark.usefixtures("espeak")
def test_wrong_texts_end_in_a_line(babbling: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = babbling.with_name("out.npz")

    assert run("animate", babbling, "-o", out, "--text", "no.txt") == 2
    assert run("animate", babbling, "-o", out, "--text", "a", "--language", "klingon") == 2
    assert run("animate", babbling, babbling, "-o", babbling.parent / "o", "--text", "a") == 2

    assert len(capsys.readouterr().err.splitlines()) == 3
    assert not out.exists()
