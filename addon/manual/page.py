"""The documents of the zip as one page for a browser, and where on it a button is told of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ...emotalk_core.atomic_file import atomic_file
from ...emotalk_core.controls import MOVING
from ..bridge import compat
from .markdown import html_of

__all__ = ["DOCUMENTS", "PAGE", "PLACES", "manual_map", "page_url", "written_page"]

_DOCS: Final = Path(__file__).parents[2] / "docs"
DOCUMENTS: Final = ("manual.md", "rigs.md")
PAGE: Final = "index.html"

_HEAD: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>EmoTalk: manual</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root { color-scheme: light dark }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif }
h1, h2, h3 { line-height: 1.2; margin-top: 2em }
table { border-collapse: collapse } th, td { border: 1px solid #8886; padding: .3em .6em }
th, td { text-align: left; vertical-align: top }
code, pre { font: 14px/1.4 ui-monospace, monospace } pre { overflow-x: auto; padding: .8em }
code, pre { background: #8882 } code { padding: .1em .25em }
</style></head><body>
"""

_LEADS: Final = """<!DOCTYPE html>
<meta charset="utf-8"><meta http-equiv="refresh" content="0; url={page}#{anchor}">
<a href="{page}#{anchor}">EmoTalk: manual</a>
"""

_FELT: Final = (*MOVING, "style", "contrast")
_OF_KEYS: Final = ("key_step", "hold_keys", "max_error", "*range*")

PLACES: Final = (
    ("bpy.ops.emotalk.animate_cast*", "a-whole-dialogue-at-once"),
    ("bpy.ops.emotalk.fill_pauses*", "between-the-lines"),
    ("bpy.ops.emotalk.*_phrase*", "from-phrase-to-phrase"),
    ("bpy.ops.emotalk.*preset*", "emotion"),
    ("bpy.ops.emotalk.*usual*", "emotion"),
    ("bpy.ops.emotalk.hear_words*", "words-that-are-heard"),
    ("bpy.ops.emotalk.*text*", "a-text-or-phones-from-a-file"),
    ("bpy.ops.emotalk.*phones*", "a-text-or-phones-from-a-file"),
    ("bpy.ops.emotalk.*lips*", "lips-by-hand"),
    ("bpy.ops.emotalk.*_clip*", "export-and-import"),
    ("bpy.ops.emotalk.key_mouths*", "drawn-mouths"),
    ("bpy.ops.emotalk.*guides*", "a-head-without-shape-keys"),
    ("bpy.ops.emotalk.make_shape_keys*", "a-head-without-shape-keys"),
    ("bpy.ops.emotalk.fit_expressions*", "flame"),
    ("bpy.ops.emotalk.save_matrix*", "flame"),
    ("bpy.ops.emotalk.*rig*", "your-character"),
    ("bpy.ops.emotalk.save_names*", "keys-with-names-of-their-own"),
    ("bpy.ops.emotalk.add_demo_character*", "your-character"),
    ("bpy.ops.emotalk.refresh*", "takes"),
    ("bpy.ops.emotalk.clear*", "what-happens-to-your-animation"),
    ("bpy.ops.emotalk.doctor*", "check-everything"),
    ("bpy.ops.emotalk.*", "in-five-clicks"),
    ("bpy.types.emotalk_pg_rig.matrix_path*", "flame"),
    ("bpy.types.emotalk_pg_rig*", "your-character"),
    ("bpy.types.emotalk_pg_role*", "a-whole-dialogue-at-once"),
    ("bpy.types.emotalk_pg_*take*", "takes"),
    *((f"bpy.types.emotalk_pg_controls.{name}", "emotion") for name in _FELT),
    ("bpy.types.emotalk_pg_controls.*", "shaping"),
    ("bpy.types.emotalk_pg_scene.*look*", "look-at"),
    ("bpy.types.emotalk_pg_scene.ease*", "ease-rest-before-and-after"),
    *((f"bpy.types.emotalk_pg_scene.{name}", "keys") for name in _OF_KEYS),
    ("bpy.types.emotalk_ap_*", "engines"),
    ("bpy.types.emotalk_*", "manual"),
)
"""Which heading tells of what, by Blender's names of it, the first that fits."""


def page_url() -> str:
    """The address of the page, which is written whenever it is asked for.

    Raises
    ------
    OSError
        The page cannot be written, or the documents do not lie beside the add-on.
    """
    folder = compat.extension_folder("manual")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PAGE
    with atomic_file(path) as file:
        file.write(written_page().encode("utf-8"))
    return path.as_uri()


def manual_map() -> tuple[str, tuple[tuple[str, str], ...]]:
    """What F1 on something of ours opens, as Blender asks for it: a page for each place that leads
    there, because systems that open a file drop what follows a # in its address.
    """
    page = page_url()
    folder = compat.extension_folder("manual")
    for anchor in {anchor for _, anchor in PLACES}:
        leads = folder / f"{anchor}.html"
        if not leads.exists():
            leads.write_text(_LEADS.format(page=PAGE, anchor=anchor), encoding="utf-8")
    places = tuple((name, f"{anchor}.html") for name, anchor in PLACES)
    return page.removesuffix(PAGE), places


def written_page() -> str:
    """The whole page."""
    bodies = [html_of((_DOCS / name).read_text(encoding="utf-8"), _link) for name in DOCUMENTS]
    return f"{_HEAD}{'<hr>'.join(bodies)}\n</body></html>\n"


def _link(target: str) -> str:
    """Within the page, or on the network; nothing to documents that are not on it."""
    name, _, anchor = target.partition("#")
    if target.startswith("https://"):
        return target
    if name and name not in DOCUMENTS:
        return ""
    return f"#{anchor or Path(name).stem}"
