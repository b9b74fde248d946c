"""notes: JSON notes, kept in SQLite; gateway: readings, kept in SQLite by pools of threads."""

import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor

from example import Example, ExampleTest, curl


class Notes(ExampleTest):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "notes.db"
        self.notes = self.serve()

    def serve(self) -> Example:
        return self.start("notes", self.file, "127.0.0.1:0")

    def create(self, json: str):
        return curl(self.notes.url + "/notes", "--json", json)

    def test_create_list_get_update_delete(self):
        created = self.create('{"title": "Milk", "text": "two litres"}')
        self.assertEqual((created.status, created.fields["location"]), (201, "/notes/1"))
        self.assertEqual(created.json(), {"id": 1, "title": "Milk", "text": "two litres"})
        self.assertEqual(self.create('{"title": "Brot für morgen"}').json(), {"id": 2, "title": "Brot für morgen", "text": ""})
        milk = self.notes.url + created.fields["location"]
        self.assertEqual(curl(milk).json(), created.json())

        updated = curl("--request", "PUT", milk, "--json", '{"title": "Milk", "text": "three"}')
        self.assertEqual((updated.status, updated.json()["text"]), (200, "three"))
        self.assertEqual([note["text"] for note in curl(self.notes.url + "/notes").json()], ["three", ""])
        self.assertEqual([note["id"] for note in curl(self.notes.url + "/notes?after=1").json()], [2])

        self.assertEqual(curl("--request", "DELETE", milk).status, 204)
        for gone in (curl(milk), curl("--request", "DELETE", milk), curl("--request", "PUT", milk, "--json", '{"title": "x"}')):
            self.assertEqual((gone.status, gone.json()), (404, {"error": "there is no such note"}))
        self.assertEqual([note["id"] for note in curl(self.notes.url + "/notes").json()], [2])

    def test_a_list_is_never_longer_than_a_hundred(self):
        with sqlite3.connect(self.file) as database:
            database.executemany("INSERT INTO notes (title, text) VALUES (?, '')", [(f"Note {number}",) for number in range(250)])
        database.close()
        lengths, after = [], 0
        while page := curl(f"{self.notes.url}/notes?after={after}").json():
            lengths.append(len(page))
            after = page[-1]["id"]
        self.assertEqual(lengths, [100, 100, 50])

    def test_survives_a_restart(self):
        self.create('{"title": "Kept"}')
        self.assertEqual(self.notes.end(), 0)
        with sqlite3.connect(self.file) as database:
            self.assertEqual(database.execute("SELECT id, title, text FROM notes").fetchall(), [(1, "Kept", "")])
        database.close()
        self.notes = self.serve()
        self.assertEqual(curl(self.notes.url + "/notes/1").json()["title"], "Kept")

    def test_survives_a_kill(self):
        self.create('{"title": "Kept"}')
        killed = Example("notes", self.folder / "other.db", "127.0.0.1:0")
        self.assertEqual(curl(killed.url + "/notes", "--json", '{"title": "Killed"}').status, 201)
        killed.process.kill()
        killed.end()
        again = self.start("notes", self.folder / "other.db", "127.0.0.1:0")
        self.assertEqual(curl(again.url + "/notes/1").json()["title"], "Killed")

    def test_what_clients_send_is_never_sql(self):
        title = "'); DROP TABLE notes; --"
        self.create('{"title": "%s"}' % title)
        self.assertEqual(curl(self.notes.url + "/notes/1").json()["title"], title)

    def test_says_what_is_wrong_with_a_note(self):
        broken = self.create('{"title": "Milk",\n "text": }')
        self.assertEqual((broken.status, broken.content), (400, "the content is not JSON: line 2, column 10\n"))
        for json in ("[]", "{}", '{"title": 1}', '{"title": ""}', '{"title": "x", "text": null}'):
            wrong = self.create(json)
            self.assertEqual(wrong.status, 400, json)
            self.assertIn("a note", wrong.json()["error"])
        self.assertEqual(curl(self.notes.url + "/notes?after=x").status, 400)
        self.assertEqual(curl(self.notes.url + "/notes/x").status, 404)
        self.assertEqual(curl("--request", "PATCH", self.notes.url + "/notes/1").fields["allow"], "DELETE, GET, HEAD, OPTIONS, PUT")
        self.assertEqual(curl(self.notes.url + "/notes").json(), [])

    def test_many_clients_at_once(self):
        def create_ten(client: int) -> list[int]:
            return [self.create('{"title": "%d of %d"}' % (number, client)).json()["id"] for number in range(10)]
        with ThreadPoolExecutor(8) as pool:
            ids = [one for ten in pool.map(create_ten, range(8)) for one in ten]
        self.assertEqual(sorted(ids), list(range(1, 81)))

    def test_a_locked_database_stops_nobody_else(self):
        other = sqlite3.connect(self.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = subprocess.Popen(["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", self.notes.url + "/notes",
                                    "--json", '{"title": "Later"}'], stdout=subprocess.PIPE, text=True)
        self.assertEqual(curl(self.notes.url + "/else").status, 404)  # the loop still runs
        status = waiting.communicate(timeout=20)[0]
        other.close()
        self.assertEqual(status, "500")  # after busy_timeout
        self.notes.wait_for("The database: database is locked\n")
        self.assertEqual(self.create('{"title": "Now"}').status, 201)

    def test_says_why_it_cannot_start(self):
        self.assertIn("unable to open database file", self.cannot_start("notes", self.folder / "none/notes.db", "127.0.0.1:0"))
        (self.folder / "text").write_text("This is no database. " * 100)
        self.assertIn("file is not a database", self.cannot_start("notes", self.folder / "text", "127.0.0.1:0"))


class Gateway(ExampleTest):
    def test_keeps_readings_of_many_clients(self):
        file = self.folder / "readings.db"
        gateway = self.start("gateway", file, "127.0.0.1:0")
        attic = gateway.url + "/sensors/attic"
        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(lambda value: curl("--request", "POST", f"{attic}/{value}"), range(20)))
        self.assertEqual([answer.status for answer in answers], [200] * 20)
        self.assertEqual(sorted(map(float, curl(attic).content.split())), list(range(20)))
        self.assertEqual(curl("--request", "POST", attic + "/warm").status, 404)
        self.assertEqual(curl(gateway.url + "/sensors/cellar").content, "")
        self.assertEqual(gateway.end(), 0)
        again = self.start("gateway", file, "127.0.0.1:0")
        self.assertEqual(len(curl(again.url + "/sensors/attic").content.split()), 20)

    def test_does_not_start_without_its_database(self):
        self.assertIn("the database can't be used", self.cannot_start("gateway", self.folder / "nowhere" / "x.db", "127.0.0.1:0"))
