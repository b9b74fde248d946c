"""doxygen_filter.py: how it treats our comments, and everything outside the API."""

import tempfile
import unittest
from pathlib import Path

from doxygen_filter import filtered

OPENING = ["// portico/io/gate.h — a gate.", "//", "// Room io: see error.h.", "// Threads:   one core's.", "#pragma once", ""]


def made(*lines: str) -> list[str]:
    """The lines that Doxygen gets, without trailing spaces and without blank lines."""
    text = filtered("\n".join(lines) + "\n", Path("portico/io/gate.h"))
    return [line.rstrip() for line in text.split("\n") if line.strip()]


class Comments(unittest.TestCase):
    def test_above_and_behind(self):
        self.assertEqual(
            made("// Octets.", "// Never none.", "int f(int a);", "int g();  // how many", "          // there are", "enum class E {",
                 "    a,  // first", "    b = 2  // last", "};"),
            ["/// Octets.", "/// %Never none.", "int f(int a);", "int g();  ///< how many", "          ///< there are", "enum class E {",
             "    a,  ///< first", "    b = 2  ///< 2: last", "};"])

    def test_one_comment_for_several(self):
        self.assertEqual(
            made("// Either.", "int f();", "int g();", "", "int h();"),
            ["/// Either.", "int f();", "/** Either. */ int g();", "int h();"])
        self.assertEqual(
            made("// One.", "int f();", "// Another.", "int g();", "int h();  // a third", "int i();"),
            ["/// One.", "int f();", "/// Another.", "int g();", "int h();  ///< a third", "int i();"])

    def test_every_enumerator_is_shown(self):
        self.assertEqual(made("// Which.", "enum class E { a, b };"), ["/// Which.", "enum class E { a, /**< &zwj; */ b /**< &zwj; */ };"])

    def test_macros(self):
        self.assertEqual(made("// Which.", "#define A 1", "#define B 2"), ["/// Which.", "#define A 1", "/** Which. */", "#define B 2"])

    def test_lines_stay_where_they_are(self):
        lines = [*OPENING, "// A gate.", "class Gate {", "public:", "    // Opens.", "    void open() {", "        f();", "    }", "};"]
        text = filtered("\n".join(lines), Path("portico/io/gate.h"))
        self.assertEqual(len(text.split("\n")), len(lines))
        self.assertEqual(text.split("\n")[10].strip(), "void open() ;")

    def test_the_opening_is_the_file_s(self):
        self.assertEqual(made(*OPENING)[:4],
                         ["/// \\brief A gate.", "/// \\file", "/// <p><b>Room io:</b> see error.h.",
                          "/// <p><b>Threads:</b> one core's."])

    def test_threads_are_told_of_each_class(self):
        page = made(*OPENING, "// A gate.", "class Gate {};", "// Its state.", "struct State {};")
        self.assertIn("/// A gate.<p><b>Threads:</b> one core's.", page)
        self.assertIn("/// %Its state.", page)

    def test_threads_of_the_room(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "error.h").write_text("// portico/io/error.h — errors.\n//\n// Threads: any.\n#pragma once\n")
            text = filtered("// portico/io/a.h — a.\n//\n// Room io: see error.h.\n// An A.\n\n// An A.\nclass A {};\n",
                            Path(folder) / "a.h")
        self.assertIn("/// %An A.<p><b>Threads:</b> any.", text)

    def test_sections(self):
        page = made("// A.", "class A {", "public:", "    // --- the loop", "    // Waits.", "    void wait();", "private:", "    int a_;", "};")
        self.assertIn("/** \\name %The loop */ /**@{*/", page)
        self.assertIn("    /// Waits.", page)
        self.assertIn("/**@}*/ private:", page)

    def test_comments_in_bodies_and_of_private_members_are_nobody_s(self):
        page = made("// A.", "class A {", "    // Hidden.", "    int a_;", "public:", "    // Told.", "    void f() {", "        // Not told.",
                    "    }", "};")
        self.assertIn("    // Hidden.", page)
        self.assertIn("    /// Told.", page)
        self.assertNotIn("Not told", "\n".join(page))


class Prose(unittest.TestCase):
    def test_what_doxygen_would_take_for_its_own(self):
        for ours, theirs in [
            ('as "unix:@a\\x1b"', 'as `"unix:@a\\x1b"`'),
            ('a "\\" here', 'a \\"\\\\\\" here'),
            ('"a: Too many" and "::1"', '"a: Too many" and `"::1"`'),
            ('a "quotation\n// of two" @lines', 'a "quotation\n/// of two" \\@lines'),
            ("`a<b>` but a<b>", "`a<b>` but a\\<b\\>"),
            ("bytes */100", "bytes \\*/100"),
            ("--set is an option", "\\--set is an option"),
            ("::ffff:0", "\\::ffff:0"),
            ("Read this. Then rest", "%Read this. %Then rest"),
        ]:
            with self.subTest(ours=ours):
                self.assertEqual(made(f"// {ours}", "int f();")[:-1], f"/// {theirs}".split("\n"))

    def test_sources_are_links(self):
        rfc = "https://www.rfc-editor.org/rfc/rfc"
        self.assertEqual(made("// a (RFC 9110 §5.1, §6; RFC 3986)", "int f();")[0],
                         f'/// a (<a href="{rfc}9110#section-5.1">RFC 9110 §5.1</a>, <a href="{rfc}9110#section-6">§6</a>; '
                         f'<a href="{rfc}3986">RFC 3986</a>)')
        self.assertEqual(made("// as bind(2) says", "int f();")[0],
                         '/// as <a href="https://man7.org/linux/man-pages/man2/bind.2.html">bind(2)</a> says')

    def test_refusals_are_a_list(self):
        self.assertEqual(made("// Refusals: 400 malformed", "//               or worse", "//           414 too long", "int f();"),
                         ["/// <p><b>Refusals:</b> <ul><li>400 malformed", "/// or worse", "/// <li>414 too long</ul>", "int f();"])

    def test_what_is_set_in_is_code(self):
        self.assertEqual(made("// So:", "//", "//   f(\"<>\");", "//   g();", "int f();"),
                         ["/// So:", "/// \\code{.cpp}", "///f(\"<>\");", "///g(); \\endcode", "int f();"])


class Hidden(unittest.TestCase):
    def test_usual_members_and_protocol(self):
        page = made("// A.", "class A {", "public:", "    A() = default;", "    A(const A&) = delete;", "    A& operator=(const A&) = delete;",
                    "    ~A() { f(); }", "    friend bool operator==(const A&, const A&) = default;", "    bool await_ready() const { return a; }",
                    "    // Kept.", "    explicit A(int a) : a_(a) { f({}); }", "};")
        self.assertEqual(page, ["/// A.<p>It can be neither copied nor moved.", "class A {", "public:", "    /// Kept.",
                                "    explicit A(int a) ;", "};"])

    def test_moving(self):
        page = made("// A.", "class A {", "public:", "    A(A&& other) noexcept : a_{other.a_} {}", "};")
        self.assertEqual(page[0], "/// A.<p>It can be moved, but not copied.")
        self.assertEqual(page[-2], "public:")

    def test_a_comment_keeps_them(self):
        self.assertIn("    ~A();  ///< waits", made("// A.", "class A {", "public:", "    ~A();  // waits", "};"))

    def test_details_and_what_is_defined_below_its_class(self):
        page = made("namespace portico {", "namespace detail {", "// Not told.", "int f();", "}  // namespace detail",
                    "inline int A::f() { return 1; }", "// Told.", "int g();", "}")
        self.assertEqual(page[-3:], ["/// Told.", "int g();", "}"])
        self.assertNotIn("f()", "\n".join(page))


if __name__ == "__main__":
    unittest.main()
