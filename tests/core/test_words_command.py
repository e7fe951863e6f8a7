"""`emotalk words`: texts beside sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emotalk_core import cli
from emotalk_core.cli import words
from tests.core.recogniser import answering, noise_wav


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Two seconds of noise."""
    return noise_wav(tmp_path / "talk.wav", 2.0)


def test_the_command_writes_texts_beside_sounds_and_keeps_those_that_are_there(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "say('one two', 'de')", "end()")
    folder = spoken.parent
    kept = noise_wav(folder / "kept.wav", 1.0).with_suffix(".lab")
    kept.write_text("mine", encoding="utf-8")
    (folder / "broken.wav").write_text("no sound", encoding="utf-8")

    code = cli.main(["words", str(folder)])

    assert code == 3
    assert spoken.with_suffix(".de.txt").read_text(encoding="utf-8") == "one two\n"
    assert sorted(path.name for path in folder.glob("*.[tl]*")) == ["kept.lab", "talk.de.txt"]
    out, err = capsys.readouterr()
    assert "2 words (de)" in out
    assert "kept.lab: is there already" in out
    assert out.endswith("2 of 3 sounds have a text\n")
    assert "broken.wav" in err
    assert err.splitlines()[1:] == [f"emotalk: failed: {folder / 'broken.wav'}"]

    assert cli.main(["words", str(folder)]) == 3

    assert "talk.de.txt: is there already" in capsys.readouterr().out


def test_a_folder_goes_on_where_a_text_cannot_be_written(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "say('a', 'fr')", "end()")
    other = noise_wav(spoken.with_name("other.wav"), 1.0)
    spoken.with_suffix(".fr.txt").mkdir()

    assert cli.main(["words", str(spoken), str(other)]) == 3

    assert other.with_suffix(".fr.txt").read_text(encoding="utf-8") == "a\n"
    line, failed = capsys.readouterr().err.splitlines()
    assert "talk.fr.txt" in line
    assert failed == f"emotalk: failed: {spoken}"


def test_a_sound_without_words_has_an_empty_text_and_is_not_heard_again(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "say('a' if seconds == 2 else '...')", "end()")
    music = noise_wav(spoken.with_name("music.wav"), 1.0)

    assert cli.main(["words", str(spoken.parent)]) == 0

    told = capsys.readouterr()
    assert music.with_suffix(".txt").read_bytes() == b""
    assert f"{music.with_suffix('.txt')}: no words are heard\n" in told.out
    assert told.out.endswith("1 of 2 sounds have a text, 1 more have no words\n")
    assert told.err == ""
    answering(monkeypatch, "problem()")

    assert cli.main(["words", str(spoken.parent)]) == 0

    out = capsys.readouterr().out
    assert "music.txt: is there already, without words\n" in out
    assert out.endswith("1 of 2 sounds have a text, 1 more have no words\n")


def test_whatever_happens_to_one_sound_the_others_have_their_turn(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "say('a')", "end()")
    names = ("read.wav", "written.wav")
    for name in names:
        noise_wav(spoken.with_name(name), 1.0)
    opened, write = words.open_sound, words.atomic_file

    def unread(sound: Path, **flags: Any) -> Any:
        if sound.name == "read.wav":
            raise ZeroDivisionError("by zero")
        return opened(sound, **flags)

    def unwritten(text: Path) -> Any:
        if text.name == "written.en.txt":
            raise KeyError("x")
        return write(text)

    monkeypatch.setattr(words, "open_sound", unread)
    monkeypatch.setattr(words, "atomic_file", unwritten)

    assert cli.main(["words", str(spoken.parent)]) == 3

    assert [path.name for path in spoken.parent.glob("*.txt")] == ["talk.en.txt"]
    told = capsys.readouterr()
    line = "read.wav: Unexpected ZeroDivisionError: 'by zero'. This is a bug in EmoTalk, not in"
    assert line in told.err
    assert "written.wav: Unexpected KeyError" in told.err
    assert told.out.endswith("1 of 3 sounds have a text\n")


@pytest.mark.parametrize(
    ("spoken_in", "text"),
    [
        ("de", "talk.de.txt: 1 word (de)"),
        ("en", "talk.de.en.txt: 1 word (en, not de as the sound's name says)"),
        ("fr", "talk.de.fr.txt: 1 word (fr-fr, not de as the sound's name says)"),
    ],
)
def test_a_sound_whose_name_tells_a_language_has_a_text_that_is_read_as_what_is_spoken(
    spoken: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    spoken_in: str,
    text: str,
) -> None:
    answering(monkeypatch, f"say('a', {spoken_in!r})", "end()")
    dubbed = spoken.rename(spoken.with_name("talk.de.wav"))

    assert cli.main(["words", str(dubbed)]) == 0

    assert [path.name for path in dubbed.parent.glob("*.txt")] == [text.partition(":")[0]]
    assert capsys.readouterr().out == f"{dubbed.with_name(text)}\n"


def test_a_text_that_came_meanwhile_stays(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = [spoken.with_name(name) for name in ("a.txt", "b.srt")]
    writes = "; ".join(f"open({str(path)!r}, 'w').write('mine')" for path in mine)
    answering(monkeypatch, writes, "say('a')", "end()")
    for path in mine:
        noise_wav(path.with_suffix(".wav"), 1.0)

    assert cli.main(["words", str(spoken.parent)]) == 0

    assert [path.read_text(encoding="utf-8") for path in mine] == ["mine", "mine"]
    assert sorted(path.name for path in spoken.parent.glob("*.txt")) == ["a.txt", "talk.en.txt"]
    assert capsys.readouterr().out.count("is there by now") == 2


def test_a_second_run_goes_by_the_languages_that_the_first_has_written(
    spoken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(
        monkeypatch,
        "language = told['language'] or 'cy'",
        "say('a', language)",
        "end(**({} if told['language'] else dict(cy=0.5, en=0.3, de=0.2)))",
    )
    # A text whose name tells no language may be in any: it speaks for none.
    texts = ("one.de.txt", "two.de.txt", *(f"{i}.txt" for i in range(9)))
    for text in texts:
        noise_wav(spoken.with_name(f"{text.partition('.')[0]}.wav"), 1.0)
        spoken.with_name(text).write_text("a", encoding="utf-8")

    assert cli.main(["words", str(spoken.parent)]) == 0

    assert spoken.with_name("talk.de.txt").is_file()


def test_a_text_of_another_name_is_told_to_need_its_language(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "say('a', 'fr')", "end()")

    for name in ("out.txt", "out.fr.txt"):
        assert cli.main(["words", str(spoken), "-o", str(spoken.with_name(name))]) == 0

    (line,) = capsys.readouterr().err.splitlines()
    assert "out.txt: give --language fr-fr" in line


def test_a_name_that_tells_another_language_is_told(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "say('a', 'es')", "end()")

    for name, language in [("out.de.txt", ""), ("out.es.txt", "es-419")]:
        output = str(spoken.with_name(name))
        assert cli.main(["words", str(spoken), "-o", output, "--language", language]) == 0

    (line,) = capsys.readouterr().err.splitlines()
    assert "out.de.txt: its name says de, its words are es: rename it" in line


def test_a_language_that_is_not_heard_is_told_once(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "say('a')", "end()")
    other = noise_wav(spoken.with_name("other.wav"), 1.0)

    assert cli.main(["words", str(spoken), str(other), "--language", "eo"]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert "'eo'" in line


def test_two_sounds_do_not_write_one_text(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(
        monkeypatch,
        "say('ja', 'de') if seconds == 2 else say('yes')",
        "end()",
    )
    other = noise_wav(spoken.with_name("talk.de.wav"), 1.0)

    assert cli.main(["words", str(spoken), str(other)]) == 3

    assert [path.name for path in spoken.parent.glob("*.txt")] == ["talk.de.en.txt"]
    assert "talk.wav: Another sound has a text of this name" in capsys.readouterr().err


def test_one_sound_may_have_its_text_elsewhere(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "say('a')", "end()")
    text = tmp_path / "other.txt"

    assert cli.main(["words", str(spoken), "-o", str(text)]) == 0

    assert text.read_text(encoding="utf-8") == "a\n"
    assert cli.main(["words", str(spoken), str(spoken), "-o", str(text)]) == 2
    assert cli.main(["words", str(spoken), "-o", str(spoken)]) == 2


def test_no_other_file_than_a_text_is_written_over(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = noise_wav(spoken.with_name("other.wav"), 1.0)
    content = other.read_bytes()

    assert cli.main(["words", str(spoken), "-o", str(other)]) == 2

    assert "Use .txt, .lab." in capsys.readouterr().err
    assert other.read_bytes() == content


def test_what_every_sound_would_meet_is_told_once(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "problem()")
    other = noise_wav(spoken.with_name("other.wav"), 1.0)

    assert cli.main(["words", str(spoken), str(other)]) == 2

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_two_sounds_of_one_name_are_left_out_unless_their_text_is_there(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "say('a')", "end()")
    noise_wav(spoken.with_suffix(".wave"), 1.0)
    noise_wav(spoken.with_name("other.wav"), 1.0)
    asked = ["words", str(spoken.parent)]

    assert cli.main(asked) == 3

    told = capsys.readouterr()
    assert "Two sounds would make one file (talk.txt)" in told.err
    assert told.out.endswith("1 of 3 sounds have a text\n")
    assert [path.name for path in spoken.parent.glob("*.txt")] == ["other.en.txt"]
    spoken.with_suffix(".txt").write_text("mine", encoding="utf-8")

    assert cli.main(asked) == 0

    assert spoken.with_suffix(".txt").read_text(encoding="utf-8") == "mine"
