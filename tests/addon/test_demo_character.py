"""The demo character: its 52 shapes do what their names say, and it minds its own business."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from emotalk.addon.demo import character
from emotalk.addon.demo.part import Part
from emotalk.addon.demo.skin import Skin, build_skin
from emotalk.addon.demo.warp import EYE_RADIUS, EYE_SCALE, eye_centre
from emotalk.addon.demo.write_mesh import to_scene
from emotalk.emotalk_core.arkit import CHANNELS
from emotalk.emotalk_core.heads import base_head

from tests.addon.demo_poses import EMOTIONS, VISEMES, Pose

CORNER_AT_REST = (26.0, 623.0, 129.0)  # the left end of the lips, mm
# What lies further back than this between the lips is the mouth's inside: x and depth, mm.
INSIDE = ((0.0, 15.0, 24.0), (135.0, 132.8, 126.5))
INNER_UPPER_LIP, INNER_LOWER_LIP = 520, 523  # the skin's vertices where the lips meet, in front


@pytest.fixture(scope="module")
def parts() -> dict[str, Part]:
    """All meshes as arrays, by name."""
    return {part.name: part for part in character.build_parts()}


@pytest.fixture(scope="module")
def skin() -> Skin:
    """The skin with its lids."""
    return build_skin(base_head.read_base_head())


def posed(part: Part, **coefficients: float) -> np.ndarray:
    """The part's vertices with these coefficients."""
    return part.vertices + sum(
        (part.shapes[name] * value for name, value in coefficients.items()),
        start=np.zeros_like(part.vertices),
    )


def middle(values: np.ndarray) -> float:
    """Mean of the middle third."""
    third = len(values) // 3
    return float(values[third:-third].mean())


def lip_gap(skin: Part, **coefficients: float) -> float:
    """Height between the inner lips in the middle, mm; below 0 they overlap."""
    height = posed(skin, **coefficients)[:, 1]
    return float(height[INNER_UPPER_LIP] - height[INNER_LOWER_LIP])


def slit(skin: Part, x: float) -> float:
    """Height (mm) of the hole between the lips that a viewer in front sees at `x`."""
    heights = np.arange(615.0, 630.0, 0.1)
    feet = np.column_stack([np.full(len(heights), x), heights])
    front = np.full(len(heights), -np.inf)
    for block in skin.faces:
        for corners in ([0, 1, 2], [0, 2, 3])[: block.shape[1] - 2]:
            front = np.maximum(front, seen_from_front(skin.vertices[block[:, corners]], feet))
    return float((front < np.interp(x, *INSIDE)).sum() * 0.1)


def seen_from_front(triangles: np.ndarray, feet: np.ndarray) -> np.ndarray:
    """Depth z (N,) of the foremost of the triangles (T, 3, 3) at each foot (N, 2)."""
    spans = triangles[:, :, 0]
    close = triangles[(spans.min(1) <= feet[0, 0] + 1e-6) & (spans.max(1) >= feet[0, 0] - 1e-6)]
    a, b, c = (close[None, :, i] for i in range(3))
    p = feet[:, None]
    area = cross(b - a, c - a)
    with np.errstate(divide="ignore", invalid="ignore"):
        second, third = cross(p - a[..., :2], c - a) / area, cross(b - a, p - a[..., :2]) / area
    inside = (second >= 0.0) & (third >= 0.0) & (second + third <= 1.0)
    depth = a[..., 2] + second * (b - a)[..., 2] + third * (c - a)[..., 2]
    return np.where(inside, depth, -np.inf).max(axis=1)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def test_all_52_names_are_spread_over_the_meshes() -> None:
    built = character.build(bpy.context.scene)

    keys = [mesh.data.shape_keys for mesh in built.meshes if mesh.data.shape_keys]
    names = {block.name for key in keys for block in key.key_blocks} - {"Basis"}

    assert names == set(CHANNELS)
    assert all(block.value == 0.0 for key in keys for block in key.key_blocks)


def test_no_shape_key_is_empty(parts: dict[str, Part]) -> None:
    sizes = {
        (part.name, name): np.abs(delta).max()
        for part in parts.values()
        for name, delta in part.shapes.items()
    }

    assert min(sizes.values()) > 0.02, min(sizes, key=lambda key: sizes[key])


def test_jaw_takes_lower_teeth_and_tongue_along_but_not_the_upper_teeth(
    parts: dict[str, Part],
) -> None:
    lower = parts["Teeth.Lower"].shapes["jawOpen"][:, 1]
    tongue = parts["Tongue"].shapes["jawOpen"][:, 1]

    assert lower.max() < -3.0
    assert lower.min() < -20.0
    assert tongue.min() < -10.0
    assert not parts["Teeth.Upper"].shapes


def test_jaw_turns_lower_teeth_about_a_hinge_behind_them(parts: dict[str, Part]) -> None:
    teeth = parts["Teeth.Lower"]
    drop = -teeth.shapes["jawOpen"][:, 1]

    front = teeth.vertices[:, 2] > np.quantile(teeth.vertices[:, 2], 0.9)
    back = teeth.vertices[:, 2] < np.quantile(teeth.vertices[:, 2], 0.1)

    assert drop[front].mean() > 1.5 * drop[back].mean()


@pytest.mark.parametrize("amount", [0.0, 0.2, 0.4, 0.6])
def test_mouth_close_keeps_the_lips_together_while_the_jaw_drops(
    parts: dict[str, Part], amount: float
) -> None:
    skin = parts["Skin"]

    assert abs(lip_gap(skin, jawOpen=amount, mouthClose=amount)) < 1.2
    if amount:
        assert lip_gap(skin, jawOpen=amount) > 10.0 * amount


@pytest.mark.parametrize("side", [0, 1], ids=["left", "right"])
def test_blink_closes_the_lids(skin: Skin, side: int) -> None:
    lids, name = skin.lids[side], ("eyeBlinkLeft", "eyeBlinkRight")[side]

    closed, open_ = posed(skin.part, **{name: 1.0}), skin.part.vertices
    gaps = [
        middle(vertices[lids.upper_rim(open_), 1]) - middle(vertices[lids.lower_rim(open_), 1])
        for vertices in (open_, closed)
    ]

    assert gaps[0] > 12.0
    assert gaps[1] < 1.5


def test_half_blink_leaves_no_lid_inside_the_eyeball() -> None:
    built = character.build(bpy.context.scene)
    skin = built.meshes[0]
    for side in ("Left", "Right"):
        skin.data.shape_keys.key_blocks[f"eyeBlink{side}"].value = 0.5
        skin.data.shape_keys.key_blocks[f"eyeSquint{side}"].value = 0.5
    skin.modifiers["Smooth"].show_viewport = False  # vertex numbers stay

    shaped = skin.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    points = np.empty(len(shaped.vertices) * 3, dtype=np.float32)
    shaped.vertices.foreach_get("co", points)
    group = skin.vertex_groups["lids.L"].index
    lid = [v.index for v in skin.data.vertices if any(g.group == group for g in v.groups)]
    centre = to_scene(eye_centre(1))
    radius = np.linalg.norm(points.reshape(-1, 3)[lid] - centre, axis=1) * 1000.0

    # Over the iris, which is a dish, lids may come a little under the sphere.
    assert radius.min() > EYE_RADIUS * EYE_SCALE - 0.3


def test_closed_mouth_hides_the_teeth(parts: dict[str, Part]) -> None:
    skin = parts["Skin"].vertices
    lips_front = skin[INNER_UPPER_LIP, 2]

    for name in ("Teeth.Upper", "Teeth.Lower"):
        assert parts[name].vertices[:, 2].max() < lips_front


def test_smile_lifts_the_cheeks_and_the_mouth_corners(parts: dict[str, Part]) -> None:
    delta = parts["Skin"].shapes["mouthSmileLeft"]
    rest = parts["Skin"].vertices
    cheek = (rest[:, 0] > 25.0) & (rest[:, 1] > 640.0) & (rest[:, 1] < 660.0) & (rest[:, 2] > 90.0)

    assert delta[cheek, 1].max() > 1.0
    assert delta[rest[:, 0] < -35.0].max() < 1.0


@pytest.mark.parametrize("side", [0, 1])
def test_raised_cheeks_push_the_lower_lids_up_in_a_bow(skin: Skin, side: int) -> None:
    name, rest = ("cheekSquintLeft", "cheekSquintRight")[side], skin.part.vertices
    lids = skin.lids[side]
    lower, upper = lids.lower_rim(rest), lids.upper_rim(rest)
    opening = middle(rest[upper, 1]) - middle(rest[lower, 1])
    way = skin.part.shapes[name][:, 1]
    assert 0.15 * opening < middle(way[lower]) < 0.4 * opening
    assert way[lower].max() > 2.0 * max(way[lower[0]], way[lower[-1]])
    assert middle(way[upper]) < 0.25 * middle(way[lower])


def test_lips_touch_all_the_way_to_the_corners_at_rest(parts: dict[str, Part]) -> None:
    across = np.linspace(0.0, 24.0, 9)

    slits = [slit(parts["Skin"], x) for x in across]

    assert max(slits) < 0.3, dict(zip(across.tolist(), slits, strict=True))


@pytest.mark.parametrize("amount", [0.5, 1.0])
def test_a_smile_keeps_the_lips_together_and_turns_the_corners_up(
    parts: dict[str, Part], amount: float
) -> None:
    skin = parts["Skin"]
    both = {"mouthSmileLeft": amount, "mouthSmileRight": amount}
    corner = np.linalg.norm(skin.vertices - CORNER_AT_REST, axis=1).argmin()

    moved = posed(skin, **both) - skin.vertices

    assert abs(lip_gap(skin, **both)) < 1.0
    assert moved[corner, 0] > 6.0 * amount
    assert moved[corner, 1] > 5.0 * amount
    assert moved[corner, 1] > 3.0 * moved[INNER_UPPER_LIP, 1]


def test_sorrow_slants_the_brows_and_surprise_keeps_them_round(parts: dict[str, Part]) -> None:
    brows = parts["Brows"]
    left = brows.vertices[:, 0] > 0.0
    inner = left & (brows.vertices[:, 0] < 22.0)
    middle_third = left & (np.abs(brows.vertices[:, 0] - 36.0) < 6.0)

    sorrow = posed(brows, browInnerUp=0.8)[:, 1]
    surprise = posed(brows, browInnerUp=0.76, browOuterUpLeft=0.76, browOuterUpRight=0.76)[:, 1]

    assert brows.vertices[inner, 1].mean() < brows.vertices[middle_third, 1].mean()
    assert sorrow[inner].mean() > sorrow[middle_third].mean() + 1.0
    assert surprise[middle_third].mean() > surprise[inner].mean()


@pytest.mark.parametrize(("side", "sign"), [("Left", 1.0), ("Right", -1.0)])
def test_a_sneer_lifts_the_wing_of_the_nose_and_leaves_the_lips_shut(
    parts: dict[str, Part], side: str, sign: float
) -> None:
    skin = parts["Skin"]
    wing = np.linalg.norm(skin.vertices - (sign * 11.2, 641.0, 147.6), axis=1).argmin()

    moved = posed(skin, **{f"noseSneer{side}": 1.0}) - skin.vertices

    assert moved[wing, 1] > 4.0
    assert abs(lip_gap(skin, **{f"noseSneer{side}": 1.0}) - lip_gap(skin)) < 0.5


FROWN = {"browDownLeft": 1.0, "browDownRight": 1.0}


def test_a_frown_folds_no_ridge_up_the_forehead(parts: dict[str, Part]) -> None:
    skin, frown = parts["Skin"], posed(parts["Skin"], **FROWN)
    front = (np.abs(skin.vertices[:, 1] - 711.0) < 26.0) & (skin.vertices[:, 2] > 125.0)
    beside = front & (skin.vertices[:, 0] > 1.0) & (skin.vertices[:, 0] < 20.0)
    middle_line = front & (np.abs(skin.vertices[:, 0]) < 0.1)
    next_to_it = front & (np.abs(skin.vertices[:, 0] - 7.5) < 1.2)

    narrowed = frown[beside, 0] / skin.vertices[beside, 0]
    raised = (frown - skin.vertices)[:, 2]
    lowered = posed(parts["Brows"], **FROWN) - parts["Brows"].vertices

    assert narrowed.min() > 0.4
    assert raised[middle_line].max() < raised[next_to_it].max() + 0.5
    assert lowered[:, 1].min() < -6.0  # and yet it is a frown


def test_a_frown_hangs_before_no_lashes(parts: dict[str, Part]) -> None:
    skin, lashes = parts["Skin"], posed(parts["Lashes"], **FROWN)
    frown = posed(skin, **FROWN)
    triangles = np.concatenate([
        frown[block[:, corners]]
        for block in skin.faces
        for corners in ([0, 1, 2], [0, 2, 3])[: block.shape[1] - 2]
    ])  # fmt: skip

    covered = [seen_from_front(triangles, at[None, :2])[0] - at[2] for at in lashes]

    assert np.mean(np.array(covered) > 2.0) < 0.1  # mm


def test_brows_stay_on_the_skin_in_every_shape(parts: dict[str, Part]) -> None:
    brows, skin = parts["Brows"], parts["Skin"]
    for name in ("browInnerUp", "browDownLeft", "browOuterUpRight"):
        assert np.abs(brows.shapes[name]).max() == pytest.approx(
            np.abs(skin.shapes[name]).max(), rel=0.5
        )


def test_two_characters_share_nothing() -> None:
    first, second = (character.build(bpy.context.scene) for _ in range(2))

    first.meshes[0].data.shape_keys.key_blocks["jawOpen"].value = 1.0

    assert second.meshes[0].data.shape_keys.key_blocks["jawOpen"].value == 0.0
    assert first.root != second.root
    assert {m.data for m in first.meshes}.isdisjoint(m.data for m in second.meshes)
    assert {m.active_material for m in first.meshes}.isdisjoint(
        m.active_material for m in second.meshes
    )


def test_building_leaves_the_rest_of_the_scene_alone() -> None:
    scene = bpy.context.scene
    camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    cube = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    for obj in (camera, cube):
        scene.collection.objects.link(obj)
    scene.camera = camera
    bpy.context.view_layer.objects.active = cube
    cube.select_set(state=True)
    engine = scene.render.engine

    character.build(scene)

    assert scene.camera == camera
    assert bpy.context.view_layer.objects.active == cube
    assert [obj.name for obj in scene.objects if obj.select_get()] == ["Cube"]
    assert set(scene.collection.objects) == {camera, cube}
    assert scene.render.engine == engine
    assert bpy.context.mode == "OBJECT"


def test_bones_and_what_hangs_on_them() -> None:
    built = character.build(bpy.context.scene)

    bones = built.root.data.bones
    assert {"head", "neck", "eye.L", "eye.R"} <= set(bones.keys())
    assert bones["eye.L"].head_local.x > 0.0 > bones["eye.R"].head_local.x
    for mesh in built.meshes:
        assert [m.object for m in mesh.modifiers if m.type == "ARMATURE"] == [built.root]
        assert any(group.name in bones for group in mesh.vertex_groups)


def test_data_file_lies_in_the_add_on() -> None:
    package = character.__file__.rsplit("addon", 1)[0]

    assert str(base_head.DATA).startswith(package)
    assert base_head.DATA.stat().st_size < 2_500_000


@pytest.mark.parametrize("pose", [*VISEMES, *EMOTIONS], ids=lambda pose: pose.name)
def test_poses_speak_arkit(pose: Pose) -> None:
    assert set(pose.coefficients) <= set(CHANNELS)
    assert all(0.0 <= value <= 1.0 for value in pose.coefficients.values())


def test_eyes_have_an_iris_in_a_viewport_that_shows_material_colours() -> None:
    eyes = [m for m in character.build(bpy.context.scene).meshes if "Eye" in m.name]

    for eye in eyes:
        slots = {face.material_index for face in eye.data.polygons}
        shown = {tuple(eye.data.materials[slot].diffuse_color) for slot in slots}
        assert len(shown) >= 3  # white, iris, pupil
