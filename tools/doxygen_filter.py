#!/usr/bin/env python3
"""Writes our headers in the form that Doxygen expects. script/reference runs it before Doxygen.

usage: doxygen_filter.py FOLDER HEADER…    writes FOLDER/HEADER. Doxygen could call a filter itself, but would start it
                                           more than once for each header, which takes longer than everything else.

Our comments are plain `//`. Those that document a public name are turned into Doxygen's, line for line, so that its
warnings name the lines of our header:
- The opening comment documents the file; its paragraph "Threads:" is also added to each class in it.
- A comment above several declarations, with no empty line or other comment between them, documents each.
- A comment after a declaration, with its further lines below, documents that one. `// --- name` opens a section.
- Paragraphs that begin with "Refusals:" or the like become lists, lines indented by three spaces become code, and RFCs
  and manual pages become links.
Everything outside the API is removed: friends; the usual constructors, destructors and assignments if they have no
comment; functions that the compiler calls for co_await; the bodies of functions. If a class can't be copied or moved,
its documentation says so.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from check_sizes import NO_CODE, blank, kind_of

# Functions that the compiler calls for co_await and co_return, and for memory.
PROTOCOL = {"await_ready", "await_suspend", "await_resume", "initial_suspend", "final_suspend", "unhandled_exception",
            "return_value", "return_void", "get_return_object", "operator new", "operator delete"}
# Characters for private use stand for our own markup until the comment's text has been escaped.
TAGS = {"<p>": "\ue000", "<b>": "\ue001", "</b>": "\ue002", "<ul>": "\ue003", "</ul>": "\ue004", "<li>": "\ue005"}
LABEL = re.compile(r"(Room \w+|May use|May not|Threads|Source|Refusals?|Errors?|Answers):(?=\s|$)")


@dataclass
class Declaration:
    """A declaration ends with a semicolon, a body or, among enumerators, a comma."""
    first: int                    # offsets into the text: its first octet and the one after its last
    end: int
    head: str                     # its code up to its body
    owner: Declaration | None     # the class or enumeration that it is a member of
    access: str = "public"
    kind: str = "other"           # or namespace, class, enum, enumerator
    body: int = 0                 # the offset of its opening brace, if it has one
    members: list[Declaration] = field(default_factory=list)
    is_class: bool = False        # declared with `class`, not `struct`
    access_now: str = "public"    # the last access label in it

    @property
    def name(self) -> str:
        if self.kind in ("class", "enum"):
            found = re.search(r"\b(?:class|struct|union|enum)\s+(?:class\s+)?(?:\[\[\w+\]\]\s*)?([\w:]+)", re.sub(r"<[^<>]*>", "", self.head))
            return found[1] if found else ""
        found = re.search(r"(operator\s*(?:new|delete|\(\)|[^\s\w(]+)|~?\w+)\s*\(", self.head)
        return re.sub(r"\s+", " ", found[1]) if found else ""

    def is_public(self) -> bool:
        return self.access != "private" and (self.owner is None or self.owner.is_public())


def scope_kind(head: str) -> str:
    found = re.search(r"\b(namespace|enum|class|struct|union)\b", re.sub(r"<[^<>]*>", "", head))
    return {"namespace": "namespace", "enum": "enum"}.get(found[1] if found else "", "class")


class Scanner:
    """Finds the declarations of a header, outside functions."""

    def __init__(self, text: str):
        self.code = blank(text)
        self.found: list[Declaration] = []
        self.open: list[Declaration | None] = []   # the scopes we are in; None: inside a body
        self.now: Declaration | None = None        # the declaration that has begun
        self.within = 0                            # parentheses

    def owner(self) -> Declaration | None:
        return next((scope for scope in reversed(self.open) if scope and scope.kind != "namespace"), None)

    def begin(self, at: int) -> None:
        owner = self.owner()
        self.now = Declaration(at, at, "", owner, owner.access_now if owner else "public")
        if owner and owner.kind == "enum":
            self.now.kind = "enumerator"

    def finish(self, end: int) -> None:
        self.now.end = end
        self.found.append(self.now)
        if self.now.owner:
            self.now.owner.members.append(self.now)
        self.now = None

    def opens(self, at: int) -> None:
        head = self.now.head.strip()
        if kind_of(head) == "scope" and not self.now.body:
            self.now.kind = scope_kind(head)
            self.now.is_class = self.now.kind == "class" and re.search(r"\bclass\b", re.sub(r"<[^<>]*>", "", head)) is not None
            self.now.access_now = "private" if self.now.is_class else "public"
            self.now.body = at
            self.open.append(self.now)
            self.now = None
        else:
            self.now.body = self.now.body or at
            self.open.append(None)

    def closes(self, at: int) -> None:
        if self.now and self.now.kind == "enumerator" and self.open[-1] is not None:
            self.finish(len(self.code[:at].rstrip()))
        scope = self.open.pop()
        rest = self.code[at + 1:at + 200].lstrip()
        if scope is not None:
            self.now = scope
            if scope.kind == "namespace":
                self.finish(at + 1)
        elif self.now and not self.open_body() and kind_of(self.now.head.strip()) == "function" and rest[:1] not in ("{", ",", ";"):
            self.finish(at + 1)

    def open_body(self) -> bool:
        return bool(self.open) and self.open[-1] is None

    def scan(self) -> list[Declaration]:
        for at, octet in enumerate(self.code):
            if self.open_body():
                if octet == "{":
                    self.open.append(None)
                elif octet == "}":
                    self.closes(at)
                continue
            if self.now is None:
                if octet == "}":
                    self.closes(at)
                    continue
                if octet.isspace() or octet in ";,":
                    continue
                self.begin(at)
            self.take(at, octet)
        return sorted(self.found, key=lambda one: one.first)

    def take(self, at: int, octet: str) -> None:
        self.within += (octet == "(") - (octet == ")")
        is_enumerator = self.now.kind == "enumerator"
        if octet == "{" and not self.within:
            self.opens(at)
        elif octet == "{":
            self.open.append(None)
        elif octet == "}":
            self.closes(at)
        elif not self.within and (octet == ";" or (octet == "," and is_enumerator)):
            self.finish(at + 1)
        else:
            self.now.head += octet if not self.now.body else ""
            if found := re.fullmatch(r"(public|private|protected)\s*:", self.now.head):
                if self.code[at + 1] != ":":
                    self.now.owner.access_now = found[1]
                    self.now = None


def links(prose: str, rfc: str) -> tuple[str, str]:
    """Turns RFCs and manual pages into links. A section without an RFC belongs to the RFC named last."""
    def section(found: re.Match) -> str:
        nonlocal rfc
        rfc = found[1] or rfc
        if not rfc:
            return found[0]
        number = found[2] or found[4]
        where = f"https://www.rfc-editor.org/rfc/rfc{rfc}" + (f"#section-{number}" if number else "")
        return f'<a href="{where}">{found[0]}</a>'
    prose = re.sub(r"RFC (\d{3,4})\b(?:\s*§(\d+(?:\.\d+)*))?|()§(\d+(?:\.\d+)*)", section, prose)
    return re.sub(r"\b([a-z][a-z_0-9]+)\(([2-57])\)",
                  r'<a href="https://man7.org/linux/man-pages/man\2/\1.\2.html">\1(\2)</a>', prose), rfc


def plain(text: str, begins: bool) -> str:
    """Escapes everything that Doxygen and Markdown would interpret in text outside quotation marks."""
    text = re.sub(r"([\\@<>#%&])", r"\\\1", text)
    text = re.sub(r"\*(?=\S)", r"\\*", text)
    text = re.sub(r"(?<![\w>])::(?=\w)", r"\\::", text)
    text = re.sub(r"--+", lambda dashes: "\\" + dashes[0], text)
    # The first word of a sentence is a plain word, even if a class has the same name.
    start = r"((?:^|[.:!?]\s)\s*)" if begins else r"([.!?]\s+)"
    return re.sub(start + r"([A-Z][a-z]+\b)(?![(:.])", r"\1%\2", text)


def prose_of(text: str) -> str:
    """Prepares a comment for Doxygen. In text in quotation marks, Doxygen interprets only commands, so a quotation that
    may contain one becomes code."""
    if text.count("`") % 2:
        text = text.replace("`", "'")
    made, rfc = [], ""
    for piece in re.split(r'(`[^`]*`|"[^"\n]*")', text):
        if piece.startswith("`"):
            made.append(piece)
        elif re.fullmatch(r'"[^"\n]*"', piece):
            if piece.endswith('\\"'):
                made.append('\\"' + plain(piece[1:-1], False) + '\\"')
            else:
                made.append(f"`{piece}`" if re.search(r"[\\@<>#%&*]|::|--", piece) else piece)
        else:
            linked, rfc = links(plain(piece, not made), rfc)
            made.append(linked)
    return "".join(made)


def is_code(line: str) -> bool:
    return line.startswith("   ")


def doc_lines(lines: list[str]) -> list[str]:
    """Turns the lines of a comment, without their slashes, into Doxygen's lines."""
    out: list[str] = []
    table: int | None = None    # the column of a list's items
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else ""
        label = LABEL.match(line[1:])
        if label:
            rest = line[1:][label.end():]
            column = len(line) - len(rest.lstrip())
            listed = any(re.match(rf"\s{{{column}}}\d{{3}} ", later) for later in lines[number + 1:number + 8])
            if table is not None:
                out[-1] += TAGS["</ul>"]
            table = column if listed else None
            out.append(f" {TAGS['<p>']}{TAGS['<b>']}{label[1]}:{TAGS['</b>']} " + (TAGS["<ul>"] + TAGS["<li>"] if listed else "") + rest.strip())
            continue
        if table is not None:
            if not is_code(line):
                out[-1] += TAGS["</ul>"]
                table = None
            else:
                item = re.match(rf"\s{{{table}}}(?=\d{{3}} )", line)
                out.append(" " + (TAGS["<li>"] if item else "") + line.strip())
                continue
        if is_code(line) and not (before.strip() and not is_code(before) and LABEL.search(before)) and not in_label(lines, number):
            starts = number == 0 or not is_code(before)
            ends = number + 1 == len(lines) or not is_code(lines[number + 1])
            if starts and out and not out[-1].strip():
                out[-1] = " @code{.cpp}"
            out.append(("@code{.cpp} " if starts and not (out and out[-1] == " @code{.cpp}") else "") + line[3:] + (" @endcode" if ends else ""))
            continue
        out.append(line)
    if table is not None:
        out[-1] += TAGS["</ul>"]
    return out


def in_label(lines: list[str], number: int) -> bool:
    """Returns whether an indented line continues what a label has begun."""
    while number > 0 and is_code(lines[number]):
        number -= 1
    return LABEL.match(lines[number][1:]) is not None


def converted(lines: list[str]) -> list[str]:
    """Returns the comment as Doxygen's lines. Except in code, everything that Doxygen would interpret is escaped."""
    out = []
    for piece in re.split(r"(@code\{\.cpp\}.*?@endcode)", "\n".join(doc_lines(lines)), flags=re.DOTALL):
        out.append("\\" + piece[1:].replace("@endcode", "\\endcode") if piece.startswith("@code") else prose_of(piece))
    text = "".join(out)
    for tag, letter in TAGS.items():
        text = text.replace(letter, tag)
    return text.split("\n")


@dataclass
class Comment:
    line: int                     # from 0
    column: int
    lines: list[str]              # without the slashes
    behind: bool                  # after a declaration, rather than above one

    @property
    def last(self) -> int:
        return self.line + len(self.lines) - 1


def comments_of(text: str) -> list[Comment]:
    found: list[Comment] = []
    for match in NO_CODE.finditer(text):
        if not match[0].startswith("//"):
            continue
        line = text.count("\n", 0, match.start())
        column = match.start() - (text.rfind("\n", 0, match.start()) + 1)
        behind = text[match.start() - column:match.start()].strip() != ""
        words = match[0][2:]
        if found and not behind and found[-1].last == line - 1 and found[-1].column == column:
            found[-1].lines.append(words)
        else:
            found.append(Comment(line, column, [words], behind))
    for comment in [*found]:
        if comment.lines[0].startswith(" ---") and len(comment.lines) > 1:
            found.append(Comment(comment.line + 1, comment.column, comment.lines[1:], False))
            comment.lines = comment.lines[:1]
        comment.lines = ["" if line.startswith((" NOLINT", " NOLINTNEXTLINE")) else line for line in comment.lines]
    return [comment for comment in found if any(line.strip() for line in comment.lines)]


def threads_of(text: str, path: Path) -> list[str]:
    """The opening comment's paragraph on threads, or that of the file to which it refers."""
    opening = comments_of(text)[0].lines if text.startswith("//") else []
    taken: list[str] = []
    for line in opening:
        if line.startswith(" Threads:"):
            taken = [line[len(" Threads:"):].strip()]
        elif taken and line.strip() and not LABEL.match(line[1:]):
            taken.append(line.strip())
        elif taken:
            break
    if taken:
        return taken
    room = next((found for line in opening if (found := re.match(r" Room \w+: see ([\w/]+\.h)", line))), None)
    if room:
        for folder in (path.parent, path.parent.parent):
            if (other := folder / room[1]).exists() and other != path:
                return threads_of(other.read_text(), other)
    return []


class Page:
    """One header that is being prepared for Doxygen."""

    def __init__(self, text: str, path: Path):
        self.lines = text.split("\n")
        self.text = text
        self.declarations = Scanner(text).scan()
        self.comments = comments_of(text)
        self.threads = threads_of(text, path)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset)

    def replace(self, comment: Comment, lines: list[str], mark: str) -> None:
        for number, line in enumerate(lines, comment.line):
            self.lines[number] = self.lines[number][:comment.column] + (mark + line if line.strip() or mark == "///" else "")

    def opening(self) -> None:
        if not self.comments or self.comments[0].line != 0 or "—" not in self.comments[0].lines[0]:
            return
        comment = self.comments.pop(0)
        lines = converted(comment.lines)
        what = re.sub(r"^.*?— ", "", comment.lines[0])
        lines[0] = " \\brief " + prose_of(what[:1].upper() + what[1:])
        empty = next((i for i, line in enumerate(lines) if not line.strip()), None)
        if empty is None:
            lines[-1] += " \\file"
        else:
            lines[empty] = " \\file"
        self.replace(comment, lines, "///")

    def erase(self, first: int, end: int, kept: str = "") -> None:
        """Makes part of the text blank, except its line breaks."""
        for number in range(self.line_of(first), self.line_of(end - 1) + 1):
            start = self.starts[number]
            line = self.lines[number]
            left, right = max(first - start, 0), min(end - start, len(line))
            self.lines[number] = line[:left] + kept + " " * (right - left - len(kept)) + line[right:]
            kept = ""

    def is_hidden(self, one: Declaration) -> bool:
        """Returns whether the declaration is never documented."""
        if one.kind != "other":
            return False
        head = re.sub(r"\s+", " ", one.head.strip())
        head = re.sub(r"^(\[\[nodiscard\]\]|(explicit|constexpr|inline|static|virtual)\b|template <[^>]*>| )*", "", head)
        if head.startswith(("friend ", "static_assert", "using promise_type")) or re.fullmatch(r"using (\w+)::\1", head):
            return True
        if (one.name in PROTOCOL and one.owner) or re.search(r"=\s*delete$", head):
            return True
        # A member that is only defined here. Its declaration is in its class.
        return one.owner is None and "=" not in head and re.search(r"[\w>]::~?\w+\s*\([^)]*\)[^()]*$", head) is not None

    def is_usual(self, one: Declaration) -> bool:
        """Returns whether this is a special member without a meaning of its own."""
        if one.owner is None:
            return False
        name = re.escape(one.owner.name.split("::")[-1])
        head = re.sub(r"\s+", " ", one.head.strip())
        return re.search(rf"(^|[ ~]){name} ?\( ?((const )?{name} ?&&?( \w+)?)?\)|(^|\W)~{name} ?\(|operator= ?\( ?(const )?{name} ?&", head) is not None

    def copying(self, one: Declaration) -> str:
        name = re.escape(one.name.split("::")[-1])
        heads = [re.sub(r"\s+", " ", member.head) for member in one.members]
        moves = any(re.search(rf"\b{name} ?\({name}(<.*>)? ?&&", head) and "delete" not in head for head in heads)
        fixed = any(re.search(rf"\b{name} ?\(const {name} ?&( \w+)?\) ?= ?delete", head) for head in heads)
        if moves:
            return "It can be moved, but not copied."
        return "It can be neither copied nor moved." if fixed else ""

    def documented(self) -> None:
        above = {comment.last + 1: comment for comment in self.comments if not comment.behind}
        behind = {comment.line: comment for comment in self.comments if comment.behind}
        texts: dict[int, list[str]] = {}
        previous: Declaration | None = None
        shared: list[str] | None = None
        details = [one for one in self.declarations if one.kind == "namespace" and re.search(r"\bdetail\s*$", one.head)]
        for detail in details:
            self.erase(detail.first, detail.end)
        for one in self.declarations:
            line, last = self.line_of(one.first), self.line_of(one.end - 1)
            if one.kind == "namespace" or not one.is_public() or any(detail.first < one.first < detail.end for detail in details):
                previous = None
                continue
            own = above.pop(line, None)
            opens = self.line_of(one.body) if one.body and one.kind in ("class", "enum") else None
            after = behind.get(last) if one.kind not in ("class", "enum") or opens == last else None
            if own is not None and (own.lines[0].startswith(" ---") or own.behind):
                own = None
            if self.is_hidden(one) or (own is None and after is None and self.is_usual(one)):
                self.erase(one.first, one.end)
                if own:
                    self.replace(own, [""] * len(own.lines), "")
                previous = None
                continue
            lines = own.lines if own else None
            if own is None and after is None and previous is not None and shared and one.kind == "other" and \
                    previous.kind == "other" and line == self.line_of(previous.end - 1) + 1:
                self.share(line, one, shared)
                previous = one
                continue
            if own:
                texts[one.first] = lines
                self.replace(own, converted(lines), "///")
            if one.kind == "class":
                self.tell_of_class(one, own)
            if after:
                told = converted(after.lines)
                if one.kind == "enumerator" and (value := re.search(r"=\s*(\w+)", one.head)):
                    told[0] = f" {value[1]}:{told[0]}"
                self.replace(after, told, "///<")
            self.strip_body(one)
            previous, shared = one, (lines if own and not after else None)

    def enumerators(self) -> None:
        """Gives each enumerator without a comment an invisible one, because Doxygen would omit it otherwise."""
        told = {comment.line for comment in self.comments if comment.behind}
        told_below = {comment.last + 1 for comment in self.comments if not comment.behind}
        for one in reversed(self.declarations):
            line = self.line_of(one.end - 1)
            if one.kind != "enumerator" or not one.is_public() or line in told:
                continue
            if self.line_of(one.first) in told_below and self.line_of(one.first) != self.line_of(one.owner.first):
                continue
            at = one.end - self.starts[line]
            self.lines[line] = self.lines[line][:at] + " /**< &zwj; */" + self.lines[line][at:]

    def strip_body(self, one: Declaration) -> None:
        if one.kind == "other" and one.body and kind_of(one.head.strip()) == "function":
            first = one.body
            colon = re.search(r"\)\s*(?:noexcept\s*)?:(?!:)", one.head)
            if colon:
                first = min(first, one.first + colon.end() - 1)
            self.erase(first, one.end, ";")

    def share(self, line: int, one: Declaration, shared: list[str]) -> None:
        text = " ".join(part.strip() if part.strip() else "<p>" for part in converted(shared))
        text = re.sub(r"\\code\{\.cpp\}.*?\\endcode", "", text).replace("*/", "*&zwj;/")
        self.strip_body(one)
        indent = len(self.lines[line]) - len(self.lines[line].lstrip())
        self.lines[line] = self.lines[line][:indent] + f"/** {text} */ " + self.lines[line][indent:]

    def tell_of_class(self, one: Declaration, own: Comment | None) -> None:
        notes = self.copying(one)
        if one.is_class and one.owner is None and self.threads and not self.threads[0].startswith("none"):
            notes += "<p><b>Threads:</b> " + prose_of(" ".join(self.threads))
        if own and notes:
            self.lines[own.last] += f"<p>{notes}" if not notes.startswith("<p>") else notes

    def sections(self) -> None:
        scopes = [one for one in self.declarations if one.kind in ("class", "namespace")]
        for comment in self.comments:
            found = re.fullmatch(r" --- (.*)", comment.lines[0])
            if not found or comment.behind:
                continue
            at = self.starts[comment.line]
            within = [one for one in scopes if one.first < at < one.end and one.kind == "class"]
            if not within:
                self.lines[comment.line] = ""
                continue
            title = found[1][0].upper() + found[1][1:]
            self.lines[comment.line] = "/**@}*/ " if self.has_section(within[-1]) else ""
            self.lines[comment.line] += f"/** \\name {prose_of(title)} */ /**@{{*/"
            self.opened.append(within[-1])

    opened: list[Declaration]

    def has_section(self, scope: Declaration) -> bool:
        return any(one is scope for one in self.opened)

    def end_sections(self) -> None:
        seen: list[Declaration] = []
        for scope in self.opened:
            if any(one is scope for one in seen):
                continue
            seen.append(scope)
            private = re.compile(r"^\s*private:")
            first, last = self.line_of(scope.body) + 1, self.line_of(scope.end - 1)
            at = next((i for i in range(first, last) if private.match(self.lines[i])), last)
            self.lines[at] = "/**@}*/ " + self.lines[at]

    def made(self) -> str:
        self.opened = []
        self.opening()
        self.sections()
        self.documented()
        self.enumerators()
        self.macros()
        self.end_sections()
        return "\n".join(self.lines)

    def macros(self) -> None:
        """A comment above `#define`s documents each of them."""
        shared = ""
        for comment in [*self.comments]:
            line = comment.last + 1
            if comment.behind or line >= len(self.lines) or not self.lines[line].startswith("#define"):
                continue
            shared = " ".join(part.strip() for part in converted(comment.lines))
            self.replace(comment, converted(comment.lines), "///")
            for further in range(line + 1, len(self.lines)):
                if not self.lines[further].startswith("#define"):
                    break
                self.lines[further] = f"/** {shared} */\n" + self.lines[further]


def filtered(text: str, path: Path) -> str:
    return Page(text, path).made()


def main() -> int:
    folder, headers = Path(sys.argv[1]), [Path(header) for header in sys.argv[2:]]
    for header in headers:
        written = folder / header
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(filtered(header.read_text(), header))
    return 0


if __name__ == "__main__":
    sys.exit(main())
