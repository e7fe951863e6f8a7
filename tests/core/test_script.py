"""What is said in a text, whatever its form."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emotalk_core.speech.english import spoken_words
from emotalk_core.speech.script import ScriptLine, said, script_lines, speakers

SUBRIP = """1
00:00:01,000 --> 00:00:02,500
{\\an8}<i>Hello there,</i>
my {i}friend{/i} &amp; foe.

2
00:00:03,000 --> 00:00:04,000 X1:40 X2:600
- ANNA: Hi.
-Come in, (door closes)
please.

3
00:00:05,000 --> 00:00:06,000
42

(over two
rows) outside ♪
-5 degrees.
4
00:00:07.000 --> 00:00:08.000
>> BEN: [laughs] Bye.
"""

WORDS = (
    "Hello there, / my friend & foe. / Hi. / Come in, / please. / 42 / outside / -5 degrees. / Bye."
)

WEBVTT = """\N{ZERO WIDTH NO-BREAK SPACE}WEBVTT - A title

STYLE
::cue { color: red }

NOTE A note
of two rows

intro
00:01.000 --> 00:02.000 align:start
<v.loud Anna Lee>Hello</v> <c.yellow>you</c>
<v Ben>Yes?<v Anna Lee>Oh.

NOTE The end

01:00:03.000 --> 01:00:04.000
<ruby>Bye<rt>bai</rt></ruby>
"""

ROLLING = """WEBVTT
Kind: captions

00:00:00.000 --> 00:00:02.000
 \nno no<00:00:00.500><c> no</c>

00:00:02.000 --> 00:00:02.010
no no no
 \n
00:00:02.010 --> 00:00:04.000
no no no
next<00:00:03.000><c> one</c>
"""

FOUNTAIN = """Title: A film
Author: Somebody

FADE IN:

EXT. HOUSE - DAY

Anna comes out. She STOPS.

    ANNA (V.O.)
    (quietly,
    to herself)
    Hello there.
How are you? /* struck

out */

BEN ^
*Fine*. (beat) Thanks.

@McCLANE
[[a note]] ~Happy days

HELP WANTED

CUT TO:

INT. HALL
They go in.

ДЖОН (CONT'D)
Да.

> THE END <
"""

PLAY = """SCENE I. A street.

ROMEO.
Is the day so young?

BENVOLIO.
But new struck nine.

[_Exit Benvolio._]

ROMEO.
Ay me! sad hours seem long.
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SUBRIP, WORDS),
        (SUBRIP.replace("\n\n", "\n"), WORDS),
        (SUBRIP.replace("\n\n", "\n").replace("closes)", "closes").replace("(over two\n", ""),
         WORDS.replace("in,", "in, (door closes").replace("outside", "rows) outside")),
        (SUBRIP.replace("\n0", " 0").replace("\n", "\r\n"), WORDS),
        (WEBVTT, "Hello you / Yes? / Oh. / Bye"),
        (ROLLING, "no no no / next one"),
        (FOUNTAIN, "Hello there. / How are you? / Fine. Thanks. / Happy days / Да."),
        (PLAY, "Is the day so young? / But new struck nine. / Ay me! sad hours seem long."),
    ],
    ids=["srt", "no empty rows", "open bracket", "one row", "vtt", "rolling", "fountain", "play"],
)  # fmt: skip
def test_of_each_form_the_words_alone_are_said(text: str, words: str) -> None:
    assert " / ".join(line.text for line in script_lines(text)) == words


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ANNA: Hello there.", ["ANNA|Hello there."]),
        ("DR. O’NEIL-SMITH (quietly): Yes.\nand no.", ["DR. O’NEIL-SMITH|Yes.",
         "DR. O’NEIL-SMITH|and no."]),
        ("ANNA:\nHello there.", ["ANNA|Hello there."]),
        ("Anna: Hi.\nBen (on the phone): Oh?\nAnna : Yes.", ["Anna|Hi.", "Ben|Oh?", "Anna|Yes."]),
        ("**Man 1:** Hi.\n**Man 2:** No.\n**Man 1:** Ho.", ["Man 1|Hi.", "Man 2|No.", "Man 1|Ho."]),
        ("Q: How?\nA: So.\nQ: Why?", ["Q|How?", "A|So.", "Q|Why?"]),
        ("- ANNA: Hello.\n- Hi.", ["ANNA|Hello.", "|Hi."]),
        ("АННА: Привет.", ["АННА|Привет."]),
        ("小明：你好\n小红：（笑）再见\n小明：好", ["小明|你好", "小红|再见", "小明|好"]),
        ("太郎「はい」\n花子（笑）「ね」\n太郎「ほ」",
         ["太郎|「はい」", "花子|「ね」", "太郎|「ほ」"]),
        ("彼は「はい」\n彼は「いや」", ["|彼は「はい」", "|彼は「いや」"]),
        ("Voice of God: Go.\nVoice of God: Now.", ["Voice of God|Go.", "Voice of God|Now."]),
        ("INT. HOUSE - DAY\n\nANNA: Hello.", ["ANNA|Hello."]),
        ("ANNA: WHO?\nBEN: ME.\nANNA: OH.", ["ANNA|WHO?", "BEN|ME.", "ANNA|OH."]),
    ],
)  # fmt: skip
def test_names_before_a_colon_say_who_speaks(text: str, lines: list[str]) -> None:
    assert [f"{line.speaker}|{line.text}" for line in script_lines(text)] == lines


@pytest.mark.parametrize(
    "text",
    [
        "He said: go home\nHe said: come back",
        "Note: bring water\nNote: bring food",
        "NOTE: bring water\nWARNING: do not.",
        "Remember: go.\nRemember: stay.",
        "Then: silence.\nThen: a cry.",
        "Chapter 1: Dawn.\nCHAPTER TWO: Dusk.\nP.S.: Bye.\nPS: Bye.",
        "10:30\n11:45 comes later.",
        "At 10:30: the train.\n10:30: the train.",
        "Ben - no, Ben - yes.",
        "Anna: once.",
        "Monday: rain.\nTuesday: sun.",
        "HE SAID: GO HOME",
        "This is the whole truth, Anna: go.\nThis is the whole truth, Anna: go.",
        "HTTP://a.b and C:\\ are places.\nHTTP://a.b",
        "HELP",
        "HELP\nhe cried.\n\nNobody came.",
        "HELP!\nit said.\n\nSTOP!\nit said.\n\nHELP!\nit said.",
        "HELLO THERE\nHOW ARE YOU\n\nI AM\nFINE\n\nHELLO THERE\nAGAIN",
        "CHAPTER ONE\nIt was dark.\n\nCHAPTER TWO\nIt was light.",
        "One\ntwo.\n\nCHORUS\nLa.\n\nThree\nfour.\n\nBRIDGE\nOh.\n\nFive.\n\nCHORUS\nLa.",
        "The INT. is short for internal.\n\nEXT. 5 please.",
        "I met Anna (my sister) at noon (Monday), Ben (her son) Braun and (so) on.",
        "Call (555) 0100. (Yes!) No.",
        "2 * 3 * 4 is 24.",
        "1 --> 2 and 00:00:01,000 --> later",
    ],
)
def test_a_plain_text_is_said_as_it_stands(text: str) -> None:
    assert said(text) == text
    assert speakers(text) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(laughs) I know. (beat) So what? (softly)", "I know. So what?"),
        ("Oh, (sighs) I know.", "Oh, I know."),
        ("*sighs* I *really* **mean** it. *waves*", "I really mean it."),
        ("*Never* say never.", "Never say never."),
        ("（笑）我不知道", "我不知道"),
        ("[He\nlaughs] Yes [[or (no)]].", "Yes."),
        ("ANNA: I don't (sighs (softly)) know (555).", "I don't know (555)."),
        ("♪ Happy birthday ♪", "Happy birthday"),
        ("_Yes_, a_b", "Yes, a b"),
    ],
)
def test_directions_are_not_said(text: str, words: str) -> None:
    assert said(text) == words


def test_one_name_many_times_needs_a_heading_to_be_a_scene() -> None:
    lines = "HELP\nsomebody.\n\nHELP\nanybody."

    assert said(lines) == lines
    assert said(f"INT. HOUSE - DAY\n\n{lines}") == "somebody.\nanybody."


@pytest.mark.parametrize("name", ["Anna", "APPENDIX"])
def test_two_names_of_a_long_text_make_no_dialogue_of_it(name: str) -> None:
    lines = "\n".join([f"{name}: one (or two).", *["Words."] * 50, f"{name}: two."])

    assert said(lines) == lines


def test_subtitles_name_only_who_is_not_seen() -> None:
    cues = ["ANNA: Words.", *["Words."] * 50, "Remember: two.", "Remember: three."]
    timed = (f"{i}\n00:00:00,000 --> 00:00:01,000\n{cue}\n" for i, cue in enumerate(cues))

    words = [line.text for line in script_lines("\n".join(timed))]

    assert words == ["Words."] * 51 + cues[-2:]


def test_empty_lines_of_a_plain_text_stay_where_sentences_end() -> None:
    assert said("One\n\ntwo\n") == "One\n\ntwo"


def test_speakers_are_named_once_in_order() -> None:
    assert speakers("Ben: a\nAnna: b\nBen: c") == ("Ben", "Anna")
    assert speakers(PLAY) == ("ROMEO", "BENVOLIO")
    assert speakers(FOUNTAIN) == ("ANNA", "BEN", "McCLANE", "ДЖОН")


@pytest.mark.parametrize("text", ["", "\n \n", "(laughs)", "WEBVTT", "INT. HOUSE\n\nANNA\n(sighs)"])
def test_nothing_may_be_said(text: str) -> None:
    assert [line for line in script_lines(text) if text != line.text] == []


_PIECES = st.sampled_from(
    ["\n", "\n\n", " ", "ANNA", "Anna", ":", "(", ")", "[", "]", "*", "00:01.000 --> 00:02.000\n",
     "<v A>", "WEBVTT", "/*", "*/", "1", "-", ".", "VIII", "é", "INT. X\n\n", "@", "^", "{\\an8}"]
)  # fmt: skip


@given(st.lists(_PIECES | st.text(max_size=3), max_size=40).map("".join))
@example("James X. Jones")
def test_any_text_is_read_and_no_direction_is_left(text: str) -> None:
    found = script_lines(text)

    assert all(line == ScriptLine(line.speaker, line.text.strip()) for line in found)
    assert all(line.text for line in found)
    assert said(said(text)) is not None
    assert all(word for word in spoken_words(said(text)))
