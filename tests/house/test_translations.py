"""README.zh-CN.md is the README in Chinese: the same sections in the same order, the same code, the same links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
FENCED = re.compile(r"```.*?```", re.DOTALL)
OTHER_LANGUAGE = {"README.md", "README.zh-CN.md"}


def prose(text: str) -> str:
    return FENCED.sub("", text)


def paragraphs(text: str) -> list[str]:
    """Return the kind of each block of prose: a heading with its level, an item of a list, a picture, or text."""
    blocks = [block for block in re.split(r"\n\s*\n|\n(?=\* )", prose(text).strip()) if block.strip()]
    return [re.match(r"#+ |\* |!\[|", block.strip())[0] for block in blocks if not block.startswith("[")]  # type: ignore[index] # it matches anything


def test_code_is_the_same() -> None:
    """Each block of code, to the letter."""
    assert FENCED.findall(CHINESE) == FENCED.findall(ENGLISH)


def test_sections_and_paragraphs_are_the_same() -> None:
    """Headings, paragraphs, items and pictures, in the same order."""
    assert paragraphs(CHINESE) == paragraphs(ENGLISH)


def test_flags_names_and_links_are_the_same() -> None:
    """What is written as code within a paragraph, and where links lead."""
    for pattern in (r"`([^`]+)`", r"\]\(([^)]+)\)", r"<(http[^>]+)>"):
        english, chinese = (set(re.findall(pattern, prose(text))) - OTHER_LANGUAGE for text in (ENGLISH, CHINESE))
        assert chinese == english
