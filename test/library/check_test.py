"""The checks of the installed library must be able to fail."""

import tempfile
import unittest
from pathlib import Path

import check_guide
import check_headers
import check_symbols

HEADERS = {"portico/io/core.h": "namespace portico::io {\nclass Core {  // not Wheel\n    void run();\n    ~Core();\n};\n}"}


class Symbols(unittest.TestCase):
    def setUp(self):
        self.words = check_symbols.words_by_namespace(HEADERS)

    def wrongs(self, kind: str, demangled: str) -> int:
        return len(check_symbols.wrongs_of_symbol(kind, demangled, self.words))

    def test_names(self):
        for demangled, name in [
            ("portico::io::Core::run()", "portico::io::Core::run"),
            ("portico::io::Core::Core(portico::io::Kernel&, unsigned long)", "portico::io::Core::Core"),
            ("portico::io::describe[abi:cxx11](portico::io::Error const&)", "portico::io::describe"),
            ("vtable for portico::io::Awaited<portico::io::ConnectOp>", "portico::io::Awaited"),
            ("non-virtual thunk to portico::io::Operation::expire()", "portico::io::Operation::expire"),
            ("portico::Task<std::vector<int> > portico::io::all<int>(std::function<void (int)>)", "portico::io::all"),
            ("std::vector<portico::Buffer>::push_back(portico::Buffer&&)", "std::vector::push_back"),
        ]:
            with self.subTest(demangled):
                self.assertEqual(check_symbols.name_of(demangled), name)

    def test_what_is_the_apis(self):
        for kind, demangled in [("T", "portico::io::Core::run()"), ("T", "portico::io::Core::~Core()"),
                                ("D", "vtable for portico::io::Core"), ("R", "typeinfo name for portico::io::Core"),
                                ("V", "typeinfo for portico::io::Core")]:
            self.assertEqual(self.wrongs(kind, demangled), 0, demangled)

    def test_what_is_not(self):
        for kind, demangled in [("T", "portico::io::Wheel::turn()"), ("T", "portico::link::Core::run()"), ("T", "ZSTD_compress"),
                                ("T", "fmt::v9::vformat()"), ("W", "portico::io::Core::run()"), ("B", "portico::io::Core::run"),
                                ("V", "portico::io::Core::run"), ("T", "portico::Core::run()")]:
            self.assertEqual(self.wrongs(kind, demangled) > 0, True, demangled)


class Headers(unittest.TestCase):
    def test_strangers(self):
        included = ["/p/include/portico/io/core.h", "/usr/include/c++/12/span", "/usr/include/stdio.h", "/usr/include/fmt/core.h",
                    "/usr/include/nlohmann/json.hpp"]
        found = check_headers.strangers("portico/io/core.h", included, Path("/p/include"), {"/usr/include/stdio.h"})
        self.assertEqual(found, included[3:])
        self.assertEqual(check_headers.strangers("portico/json.h", included, Path("/p/include"), {"/usr/include/stdio.h"}), included[3:4])

    def test_rules(self):
        rule = "null: /t/alone.cc \\\n /usr/include/stdc-predef.h \\\n  /usr/include/c++/12/span /usr/include/x.hpp\n"
        self.assertEqual(check_headers.files_of(rule), ["/usr/include/stdc-predef.h", "/usr/include/c++/12/span", "/usr/include/x.hpp"])

    def test_first_in_its_source(self):
        for name, source, expected in [("own", '// a\n#include "own.h"\n\n#include <span>\n', True), ("later", '#include <span>\n#include "later.h"\n', False),
                                       ("none", None, False), ("empty", "int x;\n", False)]:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                if source is not None:
                    (Path(folder) / f"{name}.cc").write_text(source)
                self.assertEqual(check_headers.is_first_in_its_source(f"{name}.h", Path(folder)), expected)

    def test_what_was_seen_inside_another_header_is_not_looked_at(self):
        headers = ["portico/embed/next.h", "portico/embed/server.h", "portico/portico.h"]  # next.h has no source
        inside = [f"/p/include/{header}" for header in headers[:2]]
        for wrongs, looked_at in [([], ["portico/portico.h", headers[0]]), (["a mistake"], ["portico/portico.h", *headers[:2]])]:
            looks = check_headers.look_at_each(headers, lambda header: check_headers.Look(header, 1, wrongs, inside), Path("/p/include"))
            self.assertEqual([look.header for look in looks], looked_at)


GUIDE = """# A guide
## One
```cpp
// one.cc
int main() {}
```
```cpp
int twice(int number) { return 2 * number; }
```
## Two
```cpp in main
const int four = twice(2);
```
```cmake
# CMakeLists.txt
project(two)
```
"""


class Guide(unittest.TestCase):
    def test_what_is_compiled(self):
        one, two = check_guide.parts_of(GUIDE)[1:]
        self.assertEqual([block.file for block in one.blocks + two.blocks], ["one.cc", None, None, "CMakeLists.txt"])
        self.assertIn('#line 8 "guide"\nint twice', check_guide.program_of_parts(one, "guide"))
        self.assertIn("server) {\n#line 12", check_guide.program_of_parts(two, "guide"))

    def test_a_chapter_is_a_namespace(self):
        def source(*texts: str) -> list[str]:
            parts = [check_guide.Part("", [check_guide.Block("cpp", number, text)]) for number, text in enumerate(texts)]
            return [source.removeprefix(check_guide.BEFORE_PARTS) for source in check_guide.programs_of_chapters(parts, "g")]

        special = "template <>\nstruct A<int> {};\n"
        self.assertEqual(source("int a;\n", "int b;\n"), ['namespace chapter_0 {\n#line 1 "g"\nint a;\n}\n'
                                                          'namespace chapter_1 {\n#line 2 "g"\nint b;\n}\n'])
        self.assertEqual(source(special, "int b;\n", special), ['namespace chapter_1 {\n#line 2 "g"\nint b;\n}\n#line 1 "g"\n' + special,
                                                               '#line 3 "g"\n' + special])
        self.assertEqual(source(), [])

    def test_it_can_fail(self):
        wrong = check_guide.Part("wrong", [check_guide.Block("cpp", 1, "// a.cc\nint main() { return x; }\n")])
        taken = check_guide.Part("taken", [check_guide.Block("cpp error", 1, "// a.cc\nint main() {}\n")])
        right = check_guide.Part("right", [check_guide.Block("cpp", 1, "// a.cc\nint main() {}\n")])
        self.assertEqual([len(check_guide.wrongs_of_files(part, set(), "c++", [])) for part in (wrong, taken, right)], [1, 1, 0])

    def test_what_a_program_uses_is_exported(self):
        hidden = check_guide.not_exported({"_ZN7portico1aEv", "_ZN7portico1bEv", "puts"}, {"_ZN7portico1aEv", "_ZN7portico1bEv"}, {"_ZN7portico1aEv"})
        self.assertEqual(hidden, ["used by a program, and not exported: portico::b()"])

    def test_a_file_is_compiled_once(self):
        part = check_guide.Part("typed", [check_guide.Block("cpp", 1, "// a.cc\nint main() { return x; }\n")])
        for command, wrongs in [("g++ -O2 a.cc -o a", 0), ("g++ b.cc", 1), ("cat a.cc", 1)]:
            chapter = check_guide.transcripts.Chapter("typed", [check_guide.transcripts.Command(command, 1)])
            self.assertEqual(len(check_guide.wrongs_of_files(part, check_guide.files_typed(chapter), "c++", [])), wrongs, command)


if __name__ == "__main__":
    unittest.main()
