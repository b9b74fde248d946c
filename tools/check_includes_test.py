"""check_includes.py must be able to fail: each way to forget a header is tried once."""

import tempfile
import unittest
from pathlib import Path

import check_includes

LIST = """# names
algorithm: min ranges::sort
array utility: get
chrono: chrono chrono_literals
coroutine: coroutine_handle
cstring string.h: memcpy
cerrno errno.h: errno EINTR
utility: move
gtest/gtest.h gmock/gmock.h: TEST EXPECT_* testing::Test
gmock/gmock.h: EXPECT_THAT testing::Not
unistd.h: ::read pid_t
"""
NAMES = check_includes.Names(LIST)


def wrongs(text: str, **others: str) -> list[str]:
    files = {"portico/http/a.cc": text, **{f"portico/http/{name}.h": other for name, other in others.items()}}
    return check_includes.wrongs_of_file("portico/http/a.cc", check_includes.Tree(files), NAMES)


class Files(unittest.TestCase):
    def test_what_is_in_order(self):
        for text in [
            "#include <utility>\nauto b = std::move(a);\n",
            "#include <array>\nint b = std::get<0>(a);\n",
            "#include <utility>\nint b = std::get<0>(a);\n",
            "#include <chrono>\nusing std::chrono::seconds;\nauto b = std::chrono::seconds::max();\n",
            "#include <cstring>\nvoid f() { std::memcpy(a, b, 1); ::memcpy(a, b, 1); memcpy(a, b, 1); }\n",
            "#include <string.h>\nvoid f() { ::memcpy(a, b, 1); memcpy(a, b, 1); }\n",
            "#include <unistd.h>\nint b = ::read(0, a, 1);\n",
            "#include <gmock/gmock.h>\nTEST(A, B) { EXPECT_EQ(1, 1); EXPECT_THAT(1, testing::Not(2)); }\n",
            "int a = read(b) + c.errno + c->errno + C::errno + portico::std::move;\n",
            "void* operator new(std_size a) { return ::operator new(a) + ::portico::b; }\n",
            '// std::move\n/* std::move */ const char* a = "std::move" R"(\nstd::move)";\n#include "std::move"\n',
        ]:
            with self.subTest(text):
                self.assertEqual(wrongs(text), [])

    def test_what_is_forgotten(self):
        for text, line, header in [
            ("#include <array>\n\nauto b = std::move(a);\n", 3, "<utility>"),
            ("int b = std::get<0>(a);\n", 1, "<array> or <utility>"),
            ("using std::chrono::seconds;\n", 1, "<chrono>"),
            ("void f() { std::ranges::sort(a); }\n", 1, "<algorithm>"),
            ("#include <string.h>\nvoid f() { std::memcpy(a, b, 1); }\n", 2, "<cstring>"),
            ("void f() { memcpy(a, b, 1); }\n", 1, "<cstring> or <string.h>"),
            ("bool b = errno == 1;\n", 1, "<cerrno>"),
            ("int c = 1'000; int b = EINTR;\n", 1, "<cerrno>"),
            ("#ifdef EINTR\n#endif\n", 1, "<cerrno>"),
            ("int b = 1;\n/* \n */ int c = ::read(0, a, 1);\n", 3, "<unistd.h>"),
            ("pid_t a;\n", 1, "<unistd.h>"),
            ("Task<> f() { co_return; }\n", 1, "<coroutine>"),
            ("TEST(A, B) {}\n", 1, "<gtest/gtest.h> or <gmock/gmock.h>"),
            ("#include <gtest/gtest.h>\nvoid f() { EXPECT_THAT(1, 2); }\n", 2, "<gmock/gmock.h>"),
            ("#include <gtest/gtest.h>\nauto a = testing::Not(2);\n", 2, "<gmock/gmock.h>"),
        ]:
            with self.subTest(text):
                found = wrongs(text)
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(f"portico/http/a.cc:{line}: "), found)
                self.assertIn(f"include {header}", found[0])

    def test_names_that_are_not_listed(self):
        for name in ("std::vector", "std::ranges::find", "::write", "testing::Or"):
            with self.subTest(name):
                self.assertEqual(wrongs(f"#include <vector>\nauto a = {name}(b);\n"),
                                 [f"portico/http/a.cc:2: {name} is not in tools/standard_names.txt: add it to the line of its header"])

    def test_headers_of_ours(self):
        uses = "auto b = std::move(a);\n"
        self.assertEqual(wrongs('#include "portico/http/b.h"\n' + uses, b='#include "c.h"\n', c="#include <utility>\n"), [])
        self.assertEqual(wrongs("#include <portico/http/b.h>\n" + uses, b="#include <utility>\n"), [])
        self.assertEqual(len(wrongs('#include "portico/http/b.h"\n' + uses, b="#include <array>\n")), 1)


class Precompiled(unittest.TestCase):
    def test_each_header_is_listed(self):
        lists = "set(common algorithm\n  {})\nif(tests)\n  list(APPEND common <gtest/gtest.h>{})\nendif()\n"
        for more, tests, expected in [("utility", "", 0), ("map", "", 1), ("utility", " <regex>", 1), ("map", " <regex>", 2)]:
            with self.subTest(more=more, tests=tests):
                self.assertEqual(len(check_includes.wrongs_of_precompiled(lists.format(more, tests), NAMES)), expected)

    def test_there_is_a_list(self):
        self.assertEqual(len(check_includes.wrongs_of_precompiled("set(others algorithm)\n", NAMES)), 1)

    def test_a_header_without_names_is_not_listed(self):
        self.assertEqual(len(check_includes.wrongs_of_precompiled("set(common map)\n", check_includes.Names("map:\n"))), 1)


class Whole(unittest.TestCase):
    def test_a_repository_with_one_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in [("tools/standard_names.txt", LIST), ("cmake/compiler.cmake", "set(common utility)\n"),
                               ("portico/http/a.cc", "#include <utility>\nauto b = std::move(a);\n")]:
                file = Path(folder) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            self.assertEqual(check_includes.check(Path(folder)), ([], 1))
            (Path(folder) / "portico/http/b.cc").write_text("auto b = std::move(a);\n")
            self.assertEqual(len(check_includes.check(Path(folder))[0]), 1)


def own_wrongs(text: str, beside: str = "", header: str = "namespace portico::http {\nclass Field {\n};\n}\n") -> list[str]:
    """Of portico/link/a.cc, which is compiled together with b.cc."""
    files = {"portico/link/a.cc": text, "portico/link/b.cc": beside, "portico/http/field.h": header}
    return check_includes.OwnNames(check_includes.Tree(files)).wrongs_of("portico/link/a.cc")


class SourcesThatAreCompiledTogether(unittest.TestCase):
    INCLUDE = '#include "portico/http/field.h"\n'
    USES = "namespace portico::link {\nField a;\n}\n"

    def test_what_is_in_order(self):
        for text, beside in [
            (self.INCLUDE + "namespace portico::link {\nhttp::Field a;\n}\n", ""),
            (self.INCLUDE + "namespace portico::link {\nusing http::Field;\nField a;\n}\n", ""),
            (self.INCLUDE + self.USES.replace("link", "http"), ""),
            ("namespace portico::link {\nclass Field;\nField* a;\n}\n", ""),
            ("namespace portico::link {\n// Field\nint a = b.Field + benchmark::Field(1);\n}\n", ""),
            ("using std::chrono::seconds;\nauto a = seconds(1);\n", "using std::chrono::seconds;\n"),
            ("auto a = std::chrono::seconds(1) + b.seconds(1);\n", "using std::chrono::seconds;\n"),
        ]:
            with self.subTest(text):
                self.assertEqual(own_wrongs(text, beside), [])

    def test_what_another_source_has(self):
        beside = self.INCLUDE + "namespace portico::link {\nusing http::Field;\nusing std::chrono::seconds;\n}\n"
        for text, wrong in [
            ("namespace portico::link {\nhttp::Field a;\n}\n", 'Field: include "portico/http/field.h"'),
            (self.INCLUDE + self.USES, "Field: it needs a `using` of its own, or its namespace"),
            ("auto a = seconds(1);\n", "seconds: it needs a `using` of its own, or its namespace"),
        ]:
            with self.subTest(text):
                self.assertEqual(own_wrongs(text, beside), [f"portico/link/a.cc: {wrong}"])


if __name__ == "__main__":
    unittest.main()
