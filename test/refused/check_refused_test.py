"""The check of refusals must be able to fail."""

import unittest

import check_refused

BLOCK = check_refused.Block("a title", "the sentence", "code;")
LINE = f"block.cc:{check_refused.USERS_LINE}:4: here\n"


class Refused(unittest.TestCase):
    def wrong(self, said: str, status: int = 1, block: check_refused.Block = BLOCK) -> bool:
        return check_refused.wrong_of(block, said, status) is not None

    def test_what_is_promised(self):
        self.assertFalse(self.wrong(LINE + "route.h:1:1: error: call to 'the sentence'\n"))

    def test_what_is_not(self):
        self.assertTrue(self.wrong("", 0))
        self.assertTrue(self.wrong(LINE + "route.h:1:1: error: another\n"))
        self.assertTrue(self.wrong("block.cc:1:1: error: the sentence\n"))
        self.assertTrue(self.wrong(LINE + "a.h:1:1: error: the sentence\na.h:2:1: error: more\n"))
        self.assertTrue(self.wrong("error: x", 1, check_refused.Block("right", "", "")))

    def test_errors_of_one_program(self):
        promised, more = "route.h:9:1: error: static: the sentence", "route.h:10:1: error: another"
        one, two = "1.block:1:5: here", "2.block:1:5: here"
        for first, said in [(True, [one, promised, "    9 | the sentence", two, more]), (False, [promised, one, more, two])]:
            errors = check_refused.errors_of_program("\n".join(said), context_comes_first=first)
            self.assertEqual(sorted(errors), ["1", "2"])
            self.assertTrue(check_refused.is_refused(BLOCK, 1, errors["1"]))
            self.assertFalse(check_refused.is_refused(BLOCK, 2, errors["2"]))
            self.assertFalse(check_refused.is_refused(BLOCK, 1, errors["1"] + errors["2"]))
        self.assertFalse(check_refused.is_refused(BLOCK, 1, []))
        self.assertFalse(check_refused.is_refused(BLOCK, 1, [f"1.block:2:\n{promised}"]))

    def test_blocks(self):
        blocks = check_refused.blocks_of("// intro\n//--- one: says\na;\nb;\n//--- two:\nc;\n")
        self.assertEqual([(block.title, block.sentence, block.code) for block in blocks],
                         [("one", "says", "a;\nb;\n"), ("two", "", "c;\n")])


if __name__ == "__main__":
    unittest.main()
