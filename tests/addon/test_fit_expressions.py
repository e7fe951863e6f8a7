"""Fit Expressions: what is measured of a FLAME head, what is written, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.bare_heads import Maker, add_ball, guides_of
from tests.addon.layouts import Layout, context_of
from tests.addon.scenes import keys_of, needs_sound, state

MOVE = np.array([0.0, -0.1, 0.2])  # what Exp1 does, in the object's own coordinates


class Fitter:
    """In place of `fit_expressions`: a matrix at once."""

    def __init__(self) -> None:
        self.expressions: Mapping[str, np.ndarray] = {}
        self.jaw: np.ndarray | None = None
        self.meshes: Sequence[Any] = ()
        self.error: Exception | None = None

    def __call__(
        self, meshes: Any, guides: Any, expressions: Any, jaw: Any, progress: Any = None
    ) -> Any:
        from emotalk.emotalk_core.heads.expression_fit import FittedExpressions
        from emotalk.emotalk_core.rigs.flame import ExpressionMatrix

        self.meshes, self.expressions, self.jaw = meshes, expressions, jaw
        assert {"mouth", "chin"} <= {*guides}
        if self.error is not None:
            raise self.error
        keys = tuple(expressions)
        values = np.array([[1.0, 0.0], [0.5, -0.5]], np.float32)
        matrix = ExpressionMatrix(("mouthPucker", "jawOpen"), keys, values)
        return FittedExpressions(matrix, 0.62, ("The lips are shut",))


@pytest.fixture
def fitter(addon: Any, monkeypatch: pytest.MonkeyPatch) -> Fitter:
    from emotalk.addon.operators import flame

    made = Fitter()
    monkeypatch.setattr(flame, "fit_expressions", made)
    return made


@pytest.fixture
def face(fitter: Fitter) -> Any:
    """A ball with two of FLAME's expressions and one of its shapes, larger than it is, on bones."""
    thing = add_ball("Face")
    thing.shape_key_add(name="Basis")
    for name, move in (("Shape1", MOVE), ("Exp1", MOVE), ("Exp2", -2.0 * MOVE)):
        block = thing.shape_key_add(name=name, from_mix=False)
        for point in block.points:
            point.co = np.array(point.co) + move
        block.value = 0.0
    bpy.ops.object.armature_add(enter_editmode=True)
    armature = bpy.context.object
    armature.name = "Flame"
    bones = armature.data.edit_bones
    bones[0].name = "neck"
    for name, at in (
        ("jaw", (0.0, 0.2, -0.2)),
        ("left_eye", (0.4, -0.8, 0.3)),
        ("right_eye", (-0.4, -0.8, 0.3)),
    ):
        bone = bones.new(name)
        bone.head, bone.tail = at, np.add(at, (0.0, -0.3, 0.0))
        bone.parent = bones["neck"]
    bpy.ops.object.mode_set(mode="OBJECT")
    thing.modifiers.new("Bones", "ARMATURE").object = armature
    for name, share in (("jaw", 0.75), ("neck", 0.25)):
        low = [v.index for v in thing.data.vertices if v.co.z < 0.0]
        thing.vertex_groups.new(name=name).add(low, 2.0 * share, "REPLACE")
    thing.vertex_groups.new(name="not a bone").add(low, 1.0, "REPLACE")
    thing.parent = armature
    armature.scale, armature.location = (2.0, 2.0, 2.0), (1.0, 2.0, 3.0)
    bpy.context.view_layer.objects.active = thing
    bpy.context.view_layer.update()
    return thing


@pytest.fixture
def guided(face: Any) -> Any:
    """The same with guides."""
    bpy.ops.emotalk.place_guides()
    return face


def fit() -> None:
    assert bpy.ops.emotalk.fit_expressions() == {"FINISHED"}


def test_expressions_are_measured_in_the_world(guided: Any, fitter: Fitter, tmp_path: Path) -> None:
    fit()

    assert [*fitter.expressions] == ["Exp1", "Exp2"]
    np.testing.assert_allclose(fitter.expressions["Exp1"], np.tile(2.0 * MOVE, (42, 1)), atol=1e-5)


def test_expressions_are_measured_from_what_they_are_relative_to(
    guided: Any, fitter: Fitter
) -> None:
    blocks = guided.data.shape_keys.key_blocks
    blocks["Exp2"].relative_key = blocks["Exp1"]

    fit()

    wanted = np.tile(2.0 * -3.0 * MOVE, (42, 1))
    np.testing.assert_allclose(fitter.expressions["Exp2"], wanted, atol=1e-5)


def test_it_is_found_on_whichever_mesh_keeps_it(guided: Any) -> None:
    from emotalk.addon.bridge.keying.kept_matrix import matrix_of_any

    fit()

    found = matrix_of_any([add_ball("Teeth"), guided])
    assert found is not None
    assert found.channels == ("mouthPucker", "jawOpen")


def test_the_jaw_moves_as_animate_turns_its_bone(
    guided: Any, fitter: Fitter, tmp_path: Path
) -> None:
    from emotalk.emotalk_core.rigs.bones import BoneAngles

    fit()

    rest = evaluated(guided)
    chin = int(np.lexsort((rest[:, 1], rest[:, 2] > rest[:, 2].mean() - 0.5))[0])
    jaw = bpy.data.objects["Flame"].pose.bones["jaw"]
    jaw.rotation_mode = "XYZ"
    for sign in (1.0, -1.0):
        jaw.rotation_euler.x = sign * BoneAngles().jaw_open
        moved = evaluated(guided) - rest
        if moved[chin, 2] < 0.0:
            break
    assert moved[chin, 2] < -0.2
    assert fitter.jaw is not None
    np.testing.assert_allclose(fitter.jaw, moved, atol=1e-4)


def evaluated(thing: Any) -> np.ndarray:
    """Its vertices (N, 3) as they are seen, in the world."""
    bpy.context.view_layer.update()
    seen = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.array([v.co for v in seen.data.vertices])
    world = np.array(thing.matrix_world)
    return points @ world[:3, :3].T + world[:3, 3]


def test_without_a_jaw_bone_expressions_open_it(
    guided: Any, fitter: Fitter, tmp_path: Path
) -> None:
    guided.vertex_groups.remove(guided.vertex_groups["jaw"])

    fit()

    assert fitter.jaw is None


def test_the_character_speaks_by_what_was_fitted(guided: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    group = bpy.context.scene.emotalk.rig
    group.matrix_path = "/of/another/head.npz"

    fit()

    assert group.matrix_path == ""
    assert group.character == guided
    assert [(item.name, item.use) for item in group.targets] == [("Face", True)]
    assert "mouthPucker" not in group.missing
    assert not guides_of(guided)
    assert SESSION.new_keys == (
        "2 channels by 2 expressions of Face, which make 62% of their motion",
        "The lips are shut",
    )


@needs_sound
def test_its_expressions_are_keyed(guided: Any, ready: Any) -> None:
    ready.rig.character = guided
    fit()

    bpy.ops.emotalk.animate()

    assert np.ptp(keys_of(guided, "Exp1")[1]) > 0.05
    assert np.ptp(keys_of(guided, "Exp2")[1]) > 0.0
    assert "FLAME" not in ready.takes[0].warnings


def test_lips_that_do_not_move_are_told_also_on_the_command_line(
    guided: Any, ready: Any, speech: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from emotalk.addon.commands import main

    output = str(tmp_path / "said.blend")
    asked = ["animate", "--sound", str(speech), "--target", "Face", "-o", output]
    assert main(asked) == 0
    assert "FLAME head with 2 expression keys" in capfd.readouterr().err

    fit()
    assert main(asked) == 0
    assert "FLAME head" not in capfd.readouterr().err


def test_it_goes_along_with_the_file(guided: Any, tmp_path: Path) -> None:
    fit()
    saved = str(tmp_path / "head.blend")
    bpy.ops.wm.save_as_mainfile(filepath=saved)
    bpy.ops.wm.open_mainfile(filepath=saved)

    face = bpy.data.objects["Face"]
    bpy.context.scene.emotalk.rig.character = face
    bpy.ops.emotalk.find_rig()

    assert "mouthPucker" not in bpy.context.scene.emotalk.rig.missing


def test_a_file_goes_before_it(guided: Any, tmp_path: Path) -> None:
    fit()
    path = tmp_path / "other.csv"
    path.write_text("channel,Exp1\nmouthRollLower,1\n")
    group = bpy.context.scene.emotalk.rig
    group.matrix_path = str(path)

    bpy.ops.emotalk.find_rig()

    assert "mouthRollLower" not in group.missing
    assert "mouthPucker" in group.missing


@pytest.mark.parametrize(("name", "written"), [("m.csv", "m.csv"), ("m", "m.npz")])
def test_it_can_be_saved_for_other_heads(
    guided: Any, tmp_path: Path, name: str, written: str
) -> None:
    from emotalk.emotalk_core.rigs.flame import read_expression_matrix

    assert not bpy.ops.emotalk.save_matrix.poll()
    fit()

    assert bpy.ops.emotalk.save_matrix(filepath=str(tmp_path / name)) == {"FINISHED"}

    matrix = read_expression_matrix(tmp_path / written)
    assert (matrix.channels, matrix.keys) == (("mouthPucker", "jawOpen"), ("Exp1", "Exp2"))
    np.testing.assert_allclose(matrix.values, [[1.0, 0.0], [0.5, -0.5]])


@pytest.mark.parametrize("damage", [{"keys": "Exp1"}, {"channels": "smirk jawOpen"}, 3])
def test_what_was_damaged_by_hand_is_one_line(guided: Any, damage: Any) -> None:
    fit()
    kept = guided.data["emotalk_expressions"]
    guided.data["emotalk_expressions"] = kept.to_dict() | damage if damage != 3 else damage

    with pytest.raises(RuntimeError, match="What was fitted to the mesh is damaged: 'Face: "):
        bpy.ops.emotalk.find_rig()


def test_a_file_without_a_name_is_one_line(guided: Any) -> None:
    fit()

    with pytest.raises(RuntimeError, match="No file: ''"):
        bpy.ops.emotalk.save_matrix(filepath="")


def test_a_muted_key_is_not_counted_on(guided: Any, fitter: Fitter) -> None:
    guided.data.shape_keys.key_blocks["Exp1"].mute = True
    from emotalk.emotalk_core.errors import InputError

    fitter.error = InputError("Enough", value=0, remedy="")

    with pytest.raises(RuntimeError, match="Enough"):
        bpy.ops.emotalk.fit_expressions()

    assert [*fitter.expressions] == ["Exp1", "Exp2"]  # the second one stays the second
    assert not fitter.expressions["Exp1"].any()
    assert fitter.expressions["Exp2"].any()


@pytest.mark.parametrize("keys", [(), ("Basis", "Exp1")])  # split off, an eye keeps its keys
def test_of_several_meshes_the_one_with_expressions_is_meant(
    face: Any, keys: tuple[str, ...]
) -> None:
    bpy.ops.mesh.primitive_plane_add()
    part, armature = bpy.context.object, bpy.data.objects["Flame"]
    part.name = "A Part"
    for name in keys:
        part.shape_key_add(name=name)
    part.parent = armature
    bpy.context.scene.emotalk.rig.character = armature
    bpy.context.view_layer.objects.active = armature
    bpy.ops.emotalk.find_rig()
    assert "Fit Expressions..." in panel().texts

    bpy.ops.emotalk.place_guides()
    fit()

    assert "emotalk_expressions" in face.data


def test_a_mesh_that_cannot_keep_it_is_refused(guided: Any) -> None:
    copy = bpy.data.objects.new("Copy", guided.data)
    bpy.context.scene.collection.objects.link(copy)

    with pytest.raises(RuntimeError, match="2 objects share the mesh"):
        bpy.ops.emotalk.fit_expressions()

    assert guides_of(guided)


def test_the_panel_leads_there(face: Any, tmp_path: Path) -> None:
    bpy.context.scene.emotalk.rig.character = bpy.data.objects["Flame"]
    bpy.ops.emotalk.find_rig()  # its bones move, and still it cannot form sounds
    assert "Fit Expressions..." in panel().texts

    bpy.ops.emotalk.place_guides()

    assert {"emotalk.fit_expressions", "emotalk.make_shape_keys"} <= {*panel().buttons}
    fit()
    assert {"emotalk.place_guides", "emotalk.save_matrix"} <= {*panel("rig").buttons}
    left = panel()
    assert "Fit Expressions..." not in left.texts
    assert "emotalk.fit_expressions" not in left.buttons


def test_keys_that_are_made_after_it_speak_in_its_place(
    guided: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.keying.rigs import rig_of
    from emotalk.addon.operators import new_keys

    fit()
    bpy.ops.emotalk.place_guides()
    monkeypatch.setattr(new_keys.new_shapes, "make_shapes", Maker())

    bpy.ops.emotalk.make_shape_keys()

    group = bpy.context.scene.emotalk.rig
    rig = rig_of(group, guided)[1]
    keys = {row.target.key for row in rig.binding.driven if hasattr(row.target, "key")}
    assert "mouthPucker" in keys
    assert not keys & {"Exp1", "Exp2"}
    assert not rig.warnings
    assert "Fit Expressions..." not in panel().texts


def panel(name: str = "speech") -> Layout:
    layout = Layout()
    this = SimpleNamespace(layout=layout, _draw_details=lambda _context: None)
    getattr(bpy.types, f"EMOTALK_PT_{name}").draw(this, context_of(400))
    return layout


def test_other_heads_are_not_asked_for_expressions(guided: Any) -> None:
    other = add_ball("Other")
    bpy.context.scene.emotalk.rig.character = other
    bpy.ops.emotalk.place_guides()

    assert not bpy.ops.emotalk.fit_expressions.poll()
    assert "emotalk.fit_expressions" not in panel().buttons


def wrong_guides(_face: Any, _fitter: Fitter) -> str:
    guide = next(one for one in bpy.data.objects if one.get("emotalk_guide") == "chin")
    guide.location.z += 40.0
    bpy.context.view_layer.update()
    return "chin"


def broken_fit(_face: Any, fitter: Fitter) -> str:
    from emotalk.emotalk_core.errors import InputError

    fitter.error = InputError("The head has no expressions", value=2, remedy="Make some.")
    return "The head has no expressions: 2. Make some"


@pytest.mark.parametrize("spoil", [wrong_guides, broken_fit])
def test_what_goes_wrong_is_one_line_and_nothing_is_written(
    guided: Any, fitter: Fitter, spoil: Callable[[Any, Fitter], str]
) -> None:
    told = spoil(guided, fitter)
    before = state()

    with pytest.raises(RuntimeError, match=told.replace("(", r"\(")) as caught:
        bpy.ops.emotalk.fit_expressions()

    assert len(str(caught.value).strip().splitlines()) == 1
    assert state() == before
