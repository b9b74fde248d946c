"""build.py must notice an example that is not built."""

import unittest

import build


class Ways(unittest.TestCase):
    def test_each_example_is_in_one(self):
        for cmake, pkg_config, wrong in [(["a"], ["b"], []), (["a", "b"], [], []), (["a"], [], ["b.cc"]), (["a", "b"], ["b"], ["b.cc"]),
                                         (["a"], ["b", "c"], ["names c"])]:
            with self.subTest(cmake=cmake, pkg_config=pkg_config):
                found = build.wrongs_of_ways({"cmake": cmake, "pkg-config": pkg_config}, ["a", "b"])
                self.assertEqual(len(found), len(wrong), found)
                for word, line in zip(wrong, found):
                    self.assertIn(word, line)


if __name__ == "__main__":
    unittest.main()
