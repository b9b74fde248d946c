"""check_sizes.py must find each C++ function that we write, and must be able to fail."""

import tempfile
import unittest
from pathlib import Path

import check_sizes


def found(text: str) -> list[tuple[str, int]]:
    return [(function.name, function.lines) for function in check_sizes.cpp_functions(text)]


class Functions(unittest.TestCase):
    def test_each_way_to_write_one(self):
        for text, expected in [
            ("int f() {\n    return 1;\n}\n", [("f", 3)]),
            ("Result<std::optional<int>> read(\n    std::string_view a,\n    int b) {\n}\n", [("read", 4)]),
            ("namespace a {\nnamespace {\nvoid f() {\n}\n}  // namespace\n}\n", [("f", 2)]),
            ("class A {\npublic:\n    int f() const {\n        return 1;\n    }\n    int x_ = 0;\n};\n", [("f", 3)]),
            ("struct A : B {\n    explicit A(int x)\n        : x_{x},\n          y_(2) {\n        go();\n    }\n};\n", [("A", 2), ("A", 5)]),
            ("A::A(int x) : x_(x) {\n}\nA::~A() {\n}\n", [("A::A", 2), ("A::~A", 2)]),
            ("A& A::operator=(A&& other) noexcept {\n    return *this;\n}\n", [("A::operator=", 3)]),
            ("template <class T>\nauto f(T t) -> std::vector<T> {\n}\n", [("f", 3)]),
            ("template <class T = int>\nT f(T t = {}) {\n}\n", [("f", 3)]),
            ("int f(int x = 3) {\n    if (x) {\n        return 1;\n    }\n    return 0;\n}\n", [("f", 6)]),
            ("TEST(Name, Row) {\n    EXPECT_EQ(1, 1);\n}\n", [("Name.Row", 3)]),
            ("constexpr std::array<int, 2> table = {\n    1,\n    2};\nint f() {\n}\n", [("f", 2)]),
            ("int x{\n3};\nint f() {\n}\n", [("f", 2)]),
            ("const std::array rows{\n    Row{1},\n    Row{2},\n};\nint f() {\n}\n", [("f", 2)]),
            ("const Row rows[] = {\n    {1},\n    {[](int x) {\n        return x;\n    }},\n};\n", [("?", 3)]),
            ("enum class E : int {\n    a,\n    b\n};\n", []),
            ("INSTANTIATE_TEST_SUITE_P(A, B, testing::Values(\n    Row{1},\n    Row{2}),\n    [](const auto& r) {\n    return r;\n});\nint f() {\n}\n", [("f", 2)]),
            ("auto f = [](int x) {\n    return x;\n};\n", []),
            ("int f() {\n    auto g = [](int x) {\n        return x;\n    };\n    return g(1);\n}\n", [("f", 6)]),
            ("bool f(A a) requires B<A> {\n}\n", [("f", 2)]),
            ("extern \"C\" int LLVMFuzzerTestOneInput(const char* d, unsigned long n) {\n    return 0;\n}\n", [("LLVMFuzzerTestOneInput", 3)]),
            ("extern \"C\" {\nint f() {\n}\n}\n", [("f", 2)]),
            ("bool operator==(A a, A b) {\n}\n", [("operator==", 2)]),
        ]:
            with self.subTest(text=text):
                self.assertEqual(found(text), expected)

    def test_braces_that_are_no_code(self):
        self.assertEqual(found('int f() {\n    s = "}";  // }\n    c = \'}\';\n    r = R"x(}}}")x";\n    n = 1\'000;\n}\n'), [("f", 6)])
        self.assertEqual(found("/* int f() {\n} */\n#define F() { \\\n }\nint g() {\n}\n"), [("g", 2)])

    def test_python(self):
        text = "def f():\n    return 1\n\n\nclass A:\n    def g(self):\n        pass\n"
        self.assertEqual([(one.name, one.lines) for one in check_sizes.python_functions(text)], [("f", 2), ("g", 2)])


class Limits(unittest.TestCase):
    def test_the_edge(self):
        body = "    x();\n"
        fits = "int f() {\n" + body * 68 + "}\n"
        self.assertEqual(check_sizes.sizes_of("a.cc", fits), {})
        self.assertEqual(check_sizes.sizes_of("a.cc", "\n" + fits.replace(body, body * 2, 1)), {"a.cc:f": (71, 2)})
        self.assertEqual(check_sizes.sizes_of("a.cc", "\n" * 800), {})
        self.assertEqual(check_sizes.sizes_of("a.cc", "\n" * 801), {"a.cc": (801, 1)})

    def test_exceptions(self):
        large = {"a.cc": (900, 1), "a.cc:f": (80, 7)}
        self.assertEqual(len(check_sizes.wrongs_of(large, {})), 2)
        self.assertEqual(check_sizes.wrongs_of(large, {"a.cc": 900, "a.cc:f": 80}), [])
        self.assertEqual(check_sizes.wrongs_of(large, {"a.cc": 899, "a.cc:f": 80}),
                         ["a.cc:1: the file has 900 lines, may have 899"])
        self.assertEqual(check_sizes.wrongs_of({}, {"a.cc": 900}),
                         ["tools/size_exceptions.txt: a.cc needs no exception any more"])
        self.assertEqual(check_sizes.read_exceptions("# why\n\na.cc:f 80 A table.\n"), ({"a.cc:f": 80}, []))
        self.assertEqual(len(check_sizes.read_exceptions("a.cc 900\n")[1]), 1)

    def test_a_repository(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "portico").mkdir()
            (Path(folder) / "portico/a.cc").write_text("int f() {\n" + "    x();\n" * 69 + "}\n")
            wrongs, count = check_sizes.check(Path(folder))
            self.assertEqual((wrongs, count), (["portico/a.cc:1: f has 71 lines, may have 70"], 1))


if __name__ == "__main__":
    unittest.main()
