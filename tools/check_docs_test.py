"""check_docs.py must be able to fail."""

import tempfile
import unittest
from pathlib import Path

import check_docs

TEXT = """
See [the rooms](docs/rooms.md), [nothing](docs/nothing-of-the-kind.md) and [the web](https://example.org/a).
```sh
script/nothing_of_the_kind   # builds
```
```console
$ portico serve demo --lan --cache 60 | cat
Listening on
$ echo x | build/release/portico connect :7 --crlf
```
```cpp
const auto square = [](int number) { return number * number; };
```
"""


class Documents(unittest.TestCase):
    def test_what_it_finds(self):
        here = Path(__file__).resolve().parents[1]
        lines = check_docs.code_lines(TEXT)
        self.assertEqual(lines, ["script/nothing_of_the_kind", "portico serve demo --lan --cache 60 | cat",
                                 "echo x | build/release/portico connect :7 --crlf"])
        self.assertEqual(len(check_docs.wrongs_of_scripts(lines, here)), 1)
        self.assertEqual(check_docs.wrongs_of_scripts(["script/test"], here), [])
        missing = check_docs.wrongs_of_links(here / "README.md", TEXT)
        self.assertEqual(missing, ["README.md links to docs/nothing-of-the-kind.md, which is not there"])
        self.assertEqual(check_docs.commands(lines), {"serve": {"--lan", "--cache"}, "connect": {"--crlf"}})

    def test_programs_are_compared_with_their_files(self):
        here = Path(__file__).resolve().parents[1]
        shown = "```cpp of examples/hello.cc\n{}\n```\n"
        first = (here / "examples/hello.cc").read_text().splitlines()[0]
        self.assertEqual(check_docs.wrongs_of_programs(here / "a.md", shown.format(first), here), [])
        self.assertEqual(check_docs.wrongs_of_programs(here / "a.md", shown.format(first + " "), here),
                         ["a.md shows lines that are not in examples/hello.cc"])
        self.assertEqual(len(check_docs.wrongs_of_programs(here / "a.md", shown.replace("hello", "none"), here)), 1)

    def test_headings_are_looked_for_in_their_documents(self):
        with tempfile.TemporaryDirectory() as folder:
            document = Path(folder) / "a.md"
            document.write_text("# The `a` page, 1.0\n## In C\n```sh\n# no heading\n```\n## In C\n## [Linked](b.md)\n")
            self.assertEqual(check_docs.anchors_in(document), {"the-a-page-10", "in-c", "in-c-1", "linked"})
            text = "[1](#in-c-1) [2](a.md#linked) [3](a.md#no-heading) ![](a.md) ![a](a.md)"
            self.assertEqual(check_docs.wrongs_of_links(document, text),
                             ["a.md links to a.md#no-heading, but there is no such heading"])
            self.assertEqual(check_docs.wrongs_of_pictures(document, text),
                             ["a.md shows a.md without a text for those who can't see it"])

    def test_functions_are_looked_for_in_their_files(self):
        here = Path(__file__).resolve()
        text = "`sizes::kind_of` ([it](check_sizes.py)), `kind` ([it](check_sizes.py)) and `kind_o` ([it](check_sizes.py))"
        self.assertEqual(check_docs.wrongs_of_names(here, text),
                         [f"{here.name} says that kind_o is in check_sizes.py, where there is no kind_o"])

    def test_commands_are_asked_of_the_program(self):
        used = {"serve": {"--lan", "--cache"}, "fly": set()}
        wrongs = check_docs.wrongs_of_commands(used, {"serve": "  --lan  …\n  --cached\n"}.get)
        self.assertEqual(wrongs, ["README.md shows `portico fly`, which the program does not know",
                                  "README.md shows `portico serve --cache`, which its --help does not name"])


if __name__ == "__main__":
    unittest.main()
