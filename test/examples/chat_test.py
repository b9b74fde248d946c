"""chat: a chat over TCP, line by line."""

import socket
import subprocess
import time

from example import TIME_MAX, ExampleTest


class Guest:
    """A participant in the chat."""

    def __init__(self, test: "Chat", name: str | None = None):
        self.socket = test.connect(test.chat.port)
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        test.addCleanup(self.lines.close)
        test.assertEqual(self.line(), "* What is your name?")
        if name:
            self.say(name)
            test.assertEqual(self.line(), f"* {name} has come")
            test.assertIn(name, self.line())  # the list of participants

    def line(self) -> str:
        return self.lines.readline().rstrip("\n")

    def say(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\n")


class Chat(ExampleTest):
    def setUp(self):
        super().setUp()
        self.chat = self.start("chat", "127.0.0.1:0")

    def test_everybody_hears_the_others(self):
        ann, bob = Guest(self, "Ann"), Guest(self, "Bob")
        self.assertEqual(ann.line(), "* Bob has come")
        cem = Guest(self, "Cem")
        self.assertEqual((ann.line(), bob.line()), ("* Cem has come", "* Cem has come"))
        ann.say("Good morning, wie geht's?")
        self.assertEqual((bob.line(), cem.line()), ("Ann: Good morning, wie geht's?",) * 2)
        bob.say("Fine")
        self.assertEqual(ann.line(), "Bob: Fine")  # and never its own lines
        ann.say("/who")
        self.assertEqual(ann.line(), "* Here are: Ann, Bob, Cem")

    def test_leaving_is_announced(self):
        ann, bob, cem = Guest(self, "Ann"), Guest(self, "Bob"), Guest(self, "Cem")
        ann.line(), ann.line(), bob.line()
        bob.say("/quit")
        self.assertEqual((ann.line(), cem.line(), bob.line()), ("* Bob left", "* Bob left", ""))
        cem.socket.shutdown(socket.SHUT_WR)
        self.assertEqual((ann.line(), cem.line()), ("* Cem left", ""))
        dan = Guest(self, "Dan")
        ann.line()
        dan.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
        dan.lines.close()
        dan.socket.close()
        self.assertEqual(ann.line(), "* Dan left")

    def test_who_never_tells_a_name_is_never_announced(self):
        ann, nobody = Guest(self, "Ann"), Guest(self)
        nobody.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(nobody.line(), "")
        Guest(self, "Bob")
        self.assertEqual(ann.line(), "* Bob has come")

    def test_names(self):
        Guest(self, "Ann")
        guest = Guest(self)
        for name, fault in [("", "at least one letter"), ("x" * 21, "too long"), ("Ann", "taken"), ("A nn", "no spaces"),
                            ("*", "no spaces"), ("Ann:", "no spaces"), ("\x1b[2J", "no spaces")]:
            guest.say(name)
            self.assertIn(fault, guest.line(), name)
        guest.say("Zoë")
        self.assertEqual(guest.line(), "* Zoë has come")

    def test_nobody_moves_anothers_cursor(self):
        ann, bob = Guest(self, "Ann"), Guest(self, "Bob")
        ann.line()
        bob.say("\x1b[2J\rAnn: I owe Bob ten")
        self.assertEqual(ann.line(), "Bob: \\x1b[2J\\x0dAnn: I owe Bob ten")

    def test_a_line_has_an_end(self):
        ann, bob = Guest(self, "Ann"), Guest(self, "Bob")
        ann.line()
        bob.say("x" * 1000)
        self.assertEqual(ann.line(), "Bob: " + "x" * 1000)
        bob.say("x" * 1001)
        self.assertEqual(ann.line(), "* Bob talked too much at once, and had to leave")

    def test_who_does_not_read_is_not_waited_for(self):
        ann, bob, slow = Guest(self, "Ann"), Guest(self, "Bob"), Guest(self, "Slow")
        ann.line(), ann.line(), bob.line()
        line, started, said = "x" * 900, time.monotonic(), 0
        # Bob reads everything, a line at a time, while Slow's share fills the kernel's buffers and then its queue.
        while time.monotonic() - started < TIME_MAX:
            ann.say(line)
            said += 1
            heard = bob.line()
            if heard != f"Ann: {line}":
                break
        self.assertEqual(heard, "* Slow did not read, and had to leave")
        self.assertEqual((ann.line(), bob.line()), (heard, f"Ann: {line}"))
        self.assertGreater(said * 900, 256 * 1024)
        ann.say("/who")
        self.assertEqual(ann.line(), "* Here are: Ann, Bob")

    def test_with_nc(self):
        ann = Guest(self, "Ann")
        done = subprocess.run(["nc", "127.0.0.1", str(self.chat.port)], input="Nora\nhello\n/quit\n", capture_output=True, text=True,
                              timeout=TIME_MAX)
        self.assertEqual([ann.line() for _ in range(3)], ["* Nora has come", "Nora: hello", "* Nora left"])
        self.assertIn("* What is your name?\n", done.stdout)

    def test_everybody_goes_at_the_end(self):
        guests = [Guest(self, f"G{number}") for number in range(20)] + [Guest(self)]
        self.assertEqual(self.chat.end(), 0)
        for guest in guests:
            while line := guest.line():
                self.assertTrue(line.startswith("* "), line)
