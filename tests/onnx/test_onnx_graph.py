"""The files that we write, judged by the `onnx` package."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from emotalk_core.engine.onnx_graph import OPSET, Graph
from emotalk_core.engine.onnx_starter import feature_graph, starter_graphs
from emotalk_core.model.folder import Model

GRAPHS = ("features", "encoder", "branches", "decoder")


@pytest.fixture(scope="module")
def graphs(model: Model) -> dict[str, bytes]:
    """Every file of an export."""
    return {"features": feature_graph(), **starter_graphs(model)}


@pytest.mark.parametrize("name", GRAPHS)
def test_every_file_passes_the_checker(graphs: dict[str, bytes], name: str) -> None:
    loaded = onnx.load_from_string(graphs[name])

    onnx.checker.check_model(loaded, full_check=True)
    assert [(one.domain, one.version) for one in loaded.opset_import] == [("", OPSET)]


@pytest.mark.parametrize("name", GRAPHS)
def test_every_length_may_vary(graphs: dict[str, bytes], name: str) -> None:
    loaded = onnx.load_from_string(graphs[name])

    for value in loaded.graph.input:
        dims = [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        assert all(isinstance(dim, str) for dim in dims[:2]), (value.name, dims)


def test_the_file_says_which_model_it_holds(graphs: dict[str, bytes], model: Model) -> None:
    loaded = onnx.load_from_string(graphs["encoder"])

    assert {one.key: one.value for one in loaded.metadata_props}["model"] == model.key


def test_the_same_weights_give_the_same_bytes(graphs: dict[str, bytes], model: Model) -> None:
    assert starter_graphs(model)["decoder"] == graphs["decoder"]


@given(
    st.sampled_from(["float16", "float32", "float64", "int64"]),
    st.lists(st.integers(0, 3), max_size=3),
    st.integers(0, 2**32),
)
def test_any_array_comes_back(dtype: str, shape: list[int], seed: int) -> None:
    array = (np.random.default_rng(seed).standard_normal(shape) * 100).astype(dtype)
    graph = Graph("one")
    graph.constant(array)

    loaded = onnx.load_from_string(graph.to_bytes({}))

    np.testing.assert_array_equal(numpy_helper.to_array(loaded.graph.initializer[0]), array)


@given(st.integers(-(2**63), 2**63 - 1), st.floats(width=32, allow_nan=False), st.text(max_size=9))
def test_any_attribute_comes_back(integer: int, real: float, text: str) -> None:
    graph = Graph("one")
    graph.add("Test", "x", integer=integer, real=real, text=text, many=(integer, -1, 0))

    loaded = onnx.load_from_string(graph.to_bytes({}))

    attributes = loaded.graph.node[0].attribute
    found = {one.name: onnx.helper.get_attribute_value(one) for one in attributes}
    assert found == {
        "integer": integer, "real": real, "text": text.encode(), "many": [integer, -1, 0],
    }  # fmt: skip
