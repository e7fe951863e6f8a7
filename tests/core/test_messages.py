"""Messages survive the pipe; whatever else comes down it is told, and nothing more happens."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from emotalk_core.other_python.messages import (
    CutShortError,
    MessageError,
    read_message,
    write_message,
)

headers = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "arrays"),
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    max_size=4,
)
arrays = st.dictionaries(
    st.text(max_size=8),
    npst.arrays(
        st.sampled_from([np.float32, np.float16]), npst.array_shapes(max_dims=2, max_side=5)
    ),
    max_size=3,
)


def written(header: dict[str, object], given_arrays: dict[str, np.ndarray] | None = None) -> bytes:
    pipe = io.BytesIO()
    write_message(pipe, header, given_arrays)
    return pipe.getvalue()


@given(headers, arrays)
def test_a_message_comes_out_as_it_went_in(
    header: dict[str, object], given_arrays: dict[str, np.ndarray]
) -> None:
    message = read_message(io.BytesIO(written(header, given_arrays)))

    assert message is not None
    assert message.header == header
    assert message.arrays.keys() == given_arrays.keys()
    for name, array in given_arrays.items():
        np.testing.assert_array_equal(message.arrays[name], array)
        assert message.arrays[name].dtype == array.dtype


def test_several_messages_follow_each_other_and_then_comes_the_end() -> None:
    pipe = io.BytesIO(written({"a": 1}) + written({"b": 2}, {"x": np.ones((2, 3), np.float32)}))

    first, second = read_message(pipe), read_message(pipe)

    assert first is not None
    assert second is not None
    assert (first.header, second.header) == ({"a": 1}, {"b": 2})
    assert read_message(pipe) is None


@given(st.integers(min_value=1), arrays)
def test_a_message_cut_short_anywhere_is_told(
    place: int, given_arrays: dict[str, np.ndarray]
) -> None:
    whole = written({"is": "piece"}, given_arrays)

    with pytest.raises(CutShortError):
        read_message(io.BytesIO(whole[: 1 + place % (len(whole) - 1)]))


@given(st.binary(min_size=1, max_size=200))
def test_garbage_is_told_and_raises_nothing_else(data: bytes) -> None:
    with pytest.raises(MessageError):
        read_message(io.BytesIO(data))


@given(st.binary(max_size=120))
def test_a_garbled_header_is_told_and_raises_nothing_else(text: bytes) -> None:
    data = struct.pack("<4sIQ", b"EmT1", len(text), 0) + text
    try:
        message = read_message(io.BytesIO(data))
    except MessageError:
        return
    assert message is not None
    assert isinstance(message.header, dict)


@pytest.mark.parametrize(
    "listed",
    [
        [["x", "O", [1]]],  # an object: would need pickle
        [["x", "<f4", [-1]]],
        [["x", "<f4", [1 << 40]]],
        [["x", "<f4", [True]]],
        [["x", "<f4", "1"]],
        [["x", "<f4", [3]]],  # more than the payload holds
        [["x"]],
        {"x": 1},
    ],
)
def test_arrays_that_cannot_be_are_refused(listed: object) -> None:
    text = json.dumps({"arrays": listed}).encode()
    data = struct.pack("<4sIQ", b"EmT1", len(text), 4) + text + b"\0" * 4

    with pytest.raises(MessageError):
        read_message(io.BytesIO(data))


@pytest.mark.parametrize("lengths", [(1 << 31, 0), (10, 1 << 40), (0, 0)])
def test_lengths_that_nobody_sends_are_refused_before_memory_is_taken(
    lengths: tuple[int, int],
) -> None:
    with pytest.raises(MessageError, match="lengths"):
        read_message(io.BytesIO(struct.pack("<4sIQ", b"EmT1", *lengths)))
