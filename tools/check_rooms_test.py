"""check_rooms.py must be able to fail: each rule is broken once."""

import tempfile
import unittest
from pathlib import Path

import check_rooms


def wrongs(path: str, *lines: str) -> list[str]:
    opening = f"// {path} — a file.\n"
    pragma = "#pragma once\n" if path.endswith(".h") else ""
    return check_rooms.wrongs_of_file(path, opening + pragma + "\n".join(lines) + "\n")


class Includes(unittest.TestCase):
    def test_what_a_room_may_include(self):
        for path, include in [
            ("portico/http/date.h", '#include "portico/base/fd.h"'),
            ("portico/http/date.h", '#include "portico/http/status.h"'),
            ("portico/http/date.h", "#include <string_view>"),
            ("portico/wire/h1/read_head.h", '#include "portico/http/message.h"'),
            ("portico/io/kernel.h", "#include <sys/uio.h>"),
            ("portico/app/serve.cc", '#include "portico/server/limits.h"'),
            ("portico/app/serve.cc", "#include <fmt/format.h>"),
            ("portico/wire/h1/read_head_test.cc", "#include <thread>"),
            ("portico/server/server.cc", "#include <thread>"),
            ("portico/handler/files/responder_for_test.h", "#include <gtest/gtest.h>"),
        ]:
            with self.subTest(path=path, include=include):
                self.assertEqual(wrongs(path, include), [])

    def test_what_it_may_not(self):
        for path, include, word in [
            ("portico/base/fd.h", '#include "portico/http/status.h"', "may not include room http"),
            ("portico/http/date.cc", '#include "portico/io/core.h"', "may not include room io"),
            ("portico/http/date_test.cc", '#include "portico/io/core.h"', "may not include room io"),
            ("portico/io/core.h", '  #  include "portico/http/date.h"', "may not include room http"),
            ("portico/handler/files/files.cc", '#include "portico/server/limits.h"', "may not include room server"),
            ("portico/handler/files/files.cc", '#include "portico/wire/h1/read_head.h"', "may not include room wire"),
            ("portico/handler/files/files.cc", '#include "portico/shed/files.h"', "no room shed"),
            ("portico/handler/files/files.cc", '#include "files.h"', "from the top"),
            ("portico/handler/files/files.cc", "#include <portico/http/date.h>", "not <portico"),
            ("portico/handler/files/files.h", "#include <fmt/format.h>", ".cc file only"),
            ("portico/handler/files/files.h", "#include <zstd.h>", ".cc file only"),
            ("portico/http/date.cc", "#include <unistd.h>", "pure room"),
            ("portico/wire/h1/read_head.h", "#include <mutex>", "pure room"),
            ("portico/shed/files.cc", "", "no room shed"),
        ]:
            with self.subTest(path=path, include=include):
                found = wrongs(path, include)
                self.assertEqual(len(found), 1, found)
                self.assertIn(word, found[0])

    def test_a_pure_room_reads_no_clock(self):
        self.assertEqual(len(wrongs("portico/http/date.cc", "auto t = std::chrono::system_clock::now();")), 1)
        self.assertEqual(wrongs("portico/http/date.cc", "// not system_clock::now()"), [])
        self.assertEqual(wrongs("portico/io/clock.cc", "auto t = std::chrono::system_clock::now();"), [])


class Names(unittest.TestCase):
    def test_a_room_that_may_not_include_room_wire_does_not_name_it(self):
        for path in ("portico/server/worker.cc", "portico/server/worker_test.cc", "portico/route/router.h"):
            for name in ("h1::Persistence", "h2::Limits", "hpack::Encoder", "websocket::Connection"):
                with self.subTest(path=path, name=name):
                    found = wrongs(path, f"{name} it;", f"portico::{name} other;")
                    self.assertEqual(len(found), 1, found)
                    self.assertIn(f"may not name {name}", found[0])

    def test_others_do(self):
        for path, line in [
            ("portico/link/h1_inbound.cc", "h1::ReadHead head;"),
            ("portico/wire/h2/stream.cc", "h2::Limits limits;"),
            ("portico/embed/websocket.cc", "websocket::Connection connection;"),
            ("portico/server/worker.cc", "// as h2::Limits says"),
            ("portico/server/worker.cc", 'tell("h2::Limits");'),
            ("portico/server/worker.cc", "inbound.h2.streams_max = 1; return Outcome::h2;"),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual(wrongs(path, line), [])


class Calls(unittest.TestCase):
    def test_only_room_io_calls_the_kernel(self):
        for path, line in [
            ("portico/server/worker.cc", "#include <fcntl.h>"),
            ("portico/handler/files/load.cc", "#include <fstream>"),
            ("portico/link/client.cc", "auto t = std::chrono::steady_clock::now();"),
            ("portico/tls/session.cc", "RAND_bytes(octets, 16);"),
            ("portico/embed/router.cc", 'std::fprintf(stderr, "no");'),
            ("portico/server/access_log.cc", "// an exception that is not needed"),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual(len(wrongs(path, line)), 1)
        for path, line in [
            ("portico/server/worker.cc", "// not steady_clock::now()"),
            ("portico/server/worker.cc", "#include <mutex>"),
            ("portico/server/worker_test.cc", "#include <fcntl.h>"),
            ("portico/server/access_log.cc", "#include <fcntl.h>"),
            ("portico/io/stream.cc", "#include <unistd.h>"),
            ("portico/app/serve.cc", "auto t = std::chrono::steady_clock::now();"),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual(wrongs(path, line), [])


class Opening(unittest.TestCase):
    def test_a_file_says_what_it_is(self):
        self.assertTrue(check_rooms.wrongs_of_file("portico/http/a.cc", "#include <string>\n"))
        self.assertTrue(check_rooms.wrongs_of_file("portico/http/a.cc", "// portico/http/b.cc — another.\n"))
        self.assertTrue(check_rooms.wrongs_of_file("portico/http/a.h", "// portico/http/a.h — no guard.\n"))
        self.assertEqual(check_rooms.wrongs_of_file("portico/http/a_test.cc", "// What is tested.\n"), [])


    def test_what_it_may_use_is_what_the_table_says(self):
        for path, uses in [
            ("portico/base/fd.h", "nothing of ours."),
            ("portico/tls/session.h", "base, io."),
            ("portico/route/handler.h", "base, http, io, link."),
            ("portico/app/command.h", "all rooms."),
        ]:
            with self.subTest(path=path):
                self.assertEqual(wrongs(path, f"// May use:   {uses}"), [])
        for path, uses in [
            ("portico/base/fd.h", "base."),
            ("portico/tls/session.h", "io, base."),
            ("portico/route/handler.h", "base, http, io."),
            ("portico/route/handler.h", "base, http, io, link, server."),
        ]:
            with self.subTest(path=path):
                found = wrongs(path, f"// May use:   {uses}")
                self.assertEqual(len(found), 1, found)
                self.assertIn("may use: ", found[0])


class Table(unittest.TestCase):
    def test_the_documented_table_says_the_same(self):
        row = "| [`{}`](../portico/x) | pure | what it is for | {} |\n"
        right = row.format("base", "–") + row.format("wire", "base http") + row.format("app", "all")
        self.assertEqual(check_rooms.wrongs_of_table(right), [])
        for wrong in (row.format("wire", "base"), row.format("wire", "base http io"), row.format("shed", "base")):
            with self.subTest(wrong=wrong):
                self.assertEqual(len(check_rooms.wrongs_of_table(wrong)), 1)


class Cmake(unittest.TestCase):
    def test_the_link_table_says_no_more(self):
        self.assertEqual(check_rooms.wrongs_of_cmake("portico_room(http USES base)\nportico_room(base)\n"), [])
        self.assertEqual(check_rooms.wrongs_of_cmake("portico_room(io USES base LIBRARIES Threads::Threads anl)"), [])
        self.assertEqual(check_rooms.wrongs_of_cmake("portico_room(http USES base io)"),
                         ["CMakeLists.txt: room http may not use room io"])
        self.assertEqual(check_rooms.wrongs_of_cmake("portico_program(portico ROOM app USES base shed\n  LIBRARIES x)"),
                         ["CMakeLists.txt: room app may not use room shed"])


class Whole(unittest.TestCase):
    def test_a_repository_with_one_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            room = Path(folder) / "portico/http"
            room.mkdir(parents=True)
            (room / "a.cc").write_text("// portico/http/a.cc — a.\n")
            self.assertEqual(check_rooms.check(Path(folder)), ([], 1))
            (room / "b.cc").write_text('// portico/http/b.cc — b.\n#include "portico/io/core.h"\n')
            self.assertEqual(len(check_rooms.check(Path(folder))[0]), 1)


if __name__ == "__main__":
    unittest.main()
