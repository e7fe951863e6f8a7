"""The documents: every link of theirs leads to a file, and to a heading that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_CODE = re.compile(r"```.*?```", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")


def links(document: Path) -> list[str]:
    """What a document links to within the repository."""
    text = _CODE.sub("", document.read_text(encoding="utf-8"))
    targets = [written or shown for written, shown in _LINK.findall(text)]
    return [target for target in targets if not target.startswith(("http://", "https://"))]


def anchors(document: Path) -> set[str]:
    """The headings of a document, as GitHub names them in addresses."""
    text = _CODE.sub("", document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(document: Path, target: str) -> bool:
    """Whether a link of the document leads nowhere."""
    name, _, anchor = target.partition("#")
    file = document.parent / name if name else document
    return not file.exists() or bool(anchor and anchor not in anchors(file))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    assert [target for target in links(document) if broken(document, target)] == []


def test_the_documents_have_links_to_headings() -> None:
    found = [target for document in DOCUMENTS for target in links(document) if "#" in target]

    assert len(found) > 20
    assert broken(ROOT / "README.md", "docs/manual.md#no-such-heading")
    assert broken(ROOT / "README.md", "docs/no_such_file.md")
