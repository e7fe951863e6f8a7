"""The gallery's page: one file of html beside the films and sheets, with nothing from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

__all__ = ["write_page"]

_STYLE: Final = """
body { margin: 0 auto; max-width: 1180px; padding: 24px; background: #faf8f5; color: #26282e;
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-weight: 500; } h2 { font-weight: 500; margin: 0 0 4px; }
article { display: grid; grid-template-columns: 320px 1fr; gap: 20px; padding: 28px 0;
  border-top: 1px solid #e2ded8; }
video, img { width: 100%; border-radius: 6px; background: #4c6470; }
.sheet { grid-column: 1 / -1; } .muted { color: #86868c; font-size: 14px; }
table { border-collapse: collapse; margin-top: 8px; } td { padding: 2px 18px 2px 0; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.phone { font-size: 28px; height: 40px; text-align: center; }
@media (max-width: 800px) { article { grid-template-columns: 1fr; } }
"""

# Under each film stands the phone that is heard at that moment.
_SCRIPT: Final = """
for (const article of document.querySelectorAll("article[data-phones]")) {
  const phones = JSON.parse(article.dataset.phones), film = article.querySelector("video");
  const shown = article.querySelector(".phone");
  const show = () => {
    const at = film.currentTime, phone = phones.find(p => p[0] <= at && at < p[1]);
    shown.textContent = phone ? phone[2].toLowerCase() : "";
    requestAnimationFrame(show);
  };
  if (film && shown) show();
}
"""


def write_page(folder: Path, order: Sequence[str]) -> None:
    """Write index.html for all entries (NAME.json) in the folder, those named in `order` first."""
    places = {name: number for number, name in enumerate(order)}
    paths = sorted(folder.glob("*.json"), key=lambda p: (places.get(p.stem, len(order)), p.stem))
    entries = [entry for path in paths if (entry := _read(path))]
    body = "\n".join(_article(entry) for entry in entries)
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>EmoTalk: the gallery</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>
<h1>The demo character speaks {len(entries)} recordings</h1>
<p>Straight from the sound, with the settings that ship; nothing is corrected by hand.
On each sheet the stills stand at telling moments, with the phone that is heard there if it is
known. Scores are counted on the curves.</p>
{body}
<script>{_SCRIPT}</script></body></html>
"""
    part = folder / "index.html.part"
    part.write_text(page, encoding="utf-8")
    part.replace(folder / "index.html")


def _read(path: Path) -> dict[str, Any]:
    """An entry; empty where the file is damaged or something else."""
    try:
        entry = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}
    return entry if "made_from" in entry else {}


def _article(entry: Mapping[str, Any]) -> str:
    phones = json.dumps(entry["phones"], ensure_ascii=False)
    marked = f' data-phones="{escape(phones)}"' if entry["phones"] else ""
    film = (
        f'<video controls loop preload="metadata" src="{escape(entry["film"])}"></video>'
        if entry["film"]
        else ""
    )
    below = '<div class="phone"></div>' if entry["film"] and entry["phones"] else ""
    return f"""<article{marked}><div>{film}{below}</div><div>
<h2>{escape(entry["title"])}</h2>
<div>{escape(entry["note"])}</div>
<div>Heard: {escape(_heard(entry["heard"]))}</div>
{_scores(entry["scores"])}
<div class="muted">{escape(entry["credit"])}</div></div>
<img class="sheet" loading="lazy" src="{escape(entry["sheet"])}" alt="Stills and curves"></article>
"""


def _heard(shares: Mapping[str, float]) -> str:
    most = sorted(shares.items(), key=lambda pair: -pair[1])[:3]
    return ", ".join(f"{name} {share:.0%}" for name, share in most if share >= 0.05)


def _scores(scores: list[Mapping[str, Any]]) -> str:
    rows = "".join(
        f'<tr><td>{escape(one["name"])}</td><td class="number">{escape(one["text"])}</td>'
        f'<td class="muted">{escape(one["says"])}</td></tr>'
        for one in scores
    )
    return f"<table>{rows}</table>"
