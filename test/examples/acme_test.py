"""acme: a program of the library orders its certificate, from pebble, and has it after a restart."""

import os
import shutil
import subprocess
import sys
import unittest
import unittest.mock
from pathlib import Path

from example import TIME_MAX, ExampleTest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import servers  # noqa: E402
from pebble import Names, Pebble  # noqa: E402

NAME = "one.test"
PAGE = b"The certificate of this site orders itself.\n"


@unittest.skipIf(shutil.which("pebble") is None, "pebble is not installed")
class Acme(ExampleTest):
    def is_served(self, port: int, root: Path) -> bool:
        """Whether a client that trusts the authority gets the page: the name, the chain and the dates are right."""
        done = subprocess.run(["curl", "-s", "--cacert", root, "--resolve", f"{NAME}:{port}:127.0.0.1", f"https://{NAME}:{port}/"],
                              capture_output=True, timeout=TIME_MAX)
        return done.stdout == PAGE

    def start_site(self, authority: Pebble):
        with unittest.mock.patch.dict(os.environ, SSL_CERT_FILE=str(authority.certificate.chain)):
            return self.start("acme", NAME, self.folder / "kept", f"127.0.0.1:{authority.proofs}", authority.directory)

    def test_a_certificate_is_ordered_and_kept(self):
        names = Names()
        self.addCleanup(names.program.stop)
        authority = Pebble(self.folder, names)
        self.addCleanup(authority.stop)
        root = authority.start().root()
        site = self.start_site(authority)
        self.assertTrue(servers.wait_until(lambda: self.is_served(authority.proofs, root), 60), site.said)
        self.assertTrue(any(f"no certificate for {NAME} yet" in line for line in site.said), site.said)
        self.assertEqual((self.folder / f"kept/names/{NAME}/certificate.pem").stat().st_mode & 0o777, 0o600)
        self.assertEqual(site.end(), 0)
        authority.stop()
        again = self.start_site(authority)
        self.assertTrue(self.is_served(authority.proofs, root), again.said)

    def test_wrong_commands_are_explained(self):
        done = self.run_example("acme", NAME)
        self.assertEqual((done.returncode, done.stderr), (2, "usage: acme NAME FOLDER ENDPOINT [DIRECTORY]\n"))
        done = self.run_example("acme", "192.0.2.1", self.folder, "127.0.0.1:0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Options::acme", done.stderr)
