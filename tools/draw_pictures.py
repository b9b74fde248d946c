#!/usr/bin/env python3
"""Draws the course's pictures: docs/sockets/pictures/NAME.svg from NAME.txt.

usage: draw_pictures.py [--check] [FILE.txt…]    --check: writes nothing, fails if a picture is not what its text says

A picture's text begins with a title, a description for those who can't see it, and a size. Lengths are in units of ten pixels; x
counts to the right, y down. Lines that begin with a space continue the one before.

  title: The handshake
  about: The client sends SYN. …
  size: 56 30
  box X Y WIDTH HEIGHT [strong|faint]: text / second line
  text X Y [left|right|small|code…]: text                      centred on X, unless it is to begin or end there
  line X Y X Y… [arrow|both|dashed]: text                      the text is above the middle of the first two points

A text that does not fit into its box or into the picture is an error. The colours follow the reader's choice of light or dark.
"""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs/sockets/pictures"
UNIT = 10
TEXT_SIZE, SMALL_SIZE = 14, 12
WIDTH_OF_CHARACTER = 0.55  # of the text's size, on average, in the widest of the usual fonts; 0.61 in code
STYLE = """
    .paper { fill: #ffffff; stroke: #d0d7de; }
    .box { fill: #f6f8fa; stroke: #57606a; }
    .strong { fill: #ddf4ff; stroke: #0969da; }
    .faint { fill: none; stroke: #8c959f; stroke-dasharray: 6 4; }
    .line { fill: none; stroke: #57606a; stroke-width: 1.5; }
    .dashed { stroke-dasharray: 6 4; }
    .head { fill: #57606a; }
    text { fill: #1f2328; font: 14px system-ui, "DejaVu Sans", sans-serif; }
    .small { font-size: 12px; }
    .code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117; stroke: #30363d; }
      .box { fill: #161b22; stroke: #8b949e; }
      .strong { fill: #0c2d6b; stroke: #58a6ff; }
      .faint { stroke: #6e7681; }
      .line { stroke: #9da7b3; }
      .head { fill: #9da7b3; }
      text { fill: #e6edf3; }
    }
"""


class PictureError(Exception):
    pass


@dataclass
class Picture:
    title: str = ""
    about: str = ""
    width: int = 0
    height: int = 0
    shapes: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: list[str], content: str, room: float | None = None) -> None:
        """Adds a text around the point. `room`: how wide it may be, in pixels, if it is in a box."""
        size = SMALL_SIZE if "small" in words else TEXT_SIZE
        width = len(content) * size * (0.61 if "code" in words else WIDTH_OF_CHARACTER)
        anchor = "start" if "left" in words else "end" if "right" in words else "middle"
        begin = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        if begin < 0 or begin + width > self.width or (room is not None and width > room):
            raise PictureError(f"no room for '{content}'")
        kinds = " ".join(word for word in ("small", "code") if word in words)
        kinds = f' class="{kinds}"' if kinds else ""
        self.shapes.append(f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{kinds}>{html.escape(content, quote=False)}</text>')

    def box(self, numbers: list[float], words: list[str], content: str) -> None:
        x, y, width, height = numbers
        if x < 0 or y < 0 or x + width > self.width or y + height > self.height:
            raise PictureError(f"the box '{content}' is outside the picture")
        kind = "strong" if "strong" in words else "faint" if "faint" in words else "box"
        self.shapes.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" class="{kind}"/>')
        lines = content.split(" / ") if content else []
        top = y + height / 2 - (len(lines) - 1) * 9 + 5
        if kind == "faint":
            top = y + 18  # the box is a frame around others
        for number, line in enumerate(lines):
            self.text(x + width / 2, top + 18 * number, words, line, width - 8)

    def line(self, numbers: list[float], words: list[str], content: str) -> None:
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if len(points) < 2 or any(not (0 <= x <= self.width and 0 <= y <= self.height) for x, y in points):
            raise PictureError(f"the line '{content}' is not in the picture")
        heads = ' marker-end="url(#head)"' if "arrow" in words or "both" in words else ""
        heads += ' marker-start="url(#head)"' if "both" in words else ""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        kinds = "line dashed" if "dashed" in words else "line"
        self.shapes.append(f'<polyline points="{path}" class="{kinds}"{heads}/>')
        if content:
            (x1, y1), (x2, y2) = points[:2]
            self.text((x1 + x2) / 2, (y1 + y2) / 2 - 7, words, content)

    def svg(self) -> str:
        shapes = "\n  ".join(self.shapes)
        return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" \
height="{self.height}" role="img" aria-labelledby="title about">
  <title id="title">{html.escape(self.title, quote=False)}</title>
  <desc id="about">{html.escape(self.about, quote=False)}</desc>
  <style>{STYLE}  </style>
  <defs>
    <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
      <path d="M0,1 L10,5 L0,9 z" class="head"/>
    </marker>
  </defs>
  <rect x="0.5" y="0.5" width="{self.width - 1}" height="{self.height - 1}" rx="8" class="paper"/>
  {shapes}
</svg>
"""


def statements(text: str) -> list[str]:
    joined = re.sub(r"\n[ \t]+(?=\S)", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def drawn(text: str) -> Picture:
    picture = Picture()
    for statement in statements(text):
        head, _, content = statement.partition(":")
        kind, *rest = head.split()
        content = content.strip()
        numbers = [UNIT * float(word) for word in rest if re.fullmatch(r"[\d.]+", word)]
        words = [word for word in rest if not re.fullmatch(r"[\d.]+", word)]
        match kind:
            case "title" | "about":
                setattr(picture, kind, content)
            case "size":
                picture.width, picture.height = (UNIT * int(word) for word in content.split())
            case "text":
                picture.text(*numbers, words, content)
            case "box":
                picture.box(numbers, words, content)
            case "line":
                picture.line(numbers, words, content)
            case _:
                raise PictureError(f"'{statement}' is not understood")
    if not (picture.title and picture.about and picture.shapes):
        raise PictureError("a picture needs a title, a description and a shape")
    return picture


def main() -> int:
    check = "--check" in sys.argv[1:]
    sources = [Path(name) for name in sys.argv[1:] if name != "--check"] or sorted(FOLDER.glob("*.txt"))
    wrongs = []
    for source in sources:
        try:
            svg = drawn(source.read_text()).svg()
        except (PictureError, ValueError, TypeError) as error:
            wrongs.append(f"{source.name}: {error}")
            continue
        target = source.with_suffix(".svg")
        if not check:
            target.write_text(svg)
        elif not target.exists() or target.read_text() != svg:
            wrongs.append(f"{target.name} is not what {source.name} says: run tools/draw_pictures.py")
    if check:
        wrongs += [f"{svg.name} has no text that it is drawn from" for svg in sorted(FOLDER.glob("*.svg"))
                   if not svg.with_suffix(".txt").exists()]
    print("\n".join(wrongs) if wrongs else f"{len(sources)} pictures are what their texts say")
    return 1 if wrongs or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
