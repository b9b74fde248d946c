"""Recipes of the guide's cookbook: todo and inbox."""

from example import ExampleTest, curl


class Todo(ExampleTest):
    def test_nobody_overwrites_what_they_have_not_seen(self):
        todo = self.start("todo", "127.0.0.1:0")
        item = f"{todo.url}/todo/1"
        created = curl(f"{todo.url}/todo", "--json", '{"text": "milk"}')
        self.assertEqual((created.status, created.fields["location"], created.fields["etag"]), (201, "/todo/1", '"1"'))
        change = ("-X", "PUT", "--json", '{"text": "milk", "done": true}')
        self.assertEqual(curl(item, *change).status, 428)
        self.assertEqual(curl(item, *change, "-H", 'If-Match: "2"').status, 412)
        changed = curl(item, *change, "-H", 'If-Match: "1"')
        self.assertEqual((changed.status, changed.fields["etag"], changed.json()["done"]), (200, '"2"', True))
        late = curl(item, *change, "-H", 'If-Match: "1"')
        self.assertEqual((late.status, late.json()["title"]), (412, "Precondition Failed"))
        self.assertEqual(curl(item, "-H", 'If-None-Match: "2"').status, 304)
        self.assertEqual(curl(item, "-H", 'If-None-Match: "1"').json()["version"], 2)
        wrong = curl(f"{todo.url}/todo", "--json", '{"text": "", "done": 1}')
        self.assertEqual([(error["field"], wrong.status) for error in wrong.json()["errors"]], [("done", 422), ("text", 422)])
        self.assertEqual(curl(f"{todo.url}/todo/2").json()["status"], 404)


class Inbox(ExampleTest):
    def test_files_come_and_go(self):
        (self.folder / "one.txt").write_text("one")
        (self.folder / "kept").mkdir()
        for last in (0, 2):  # a further start goes on with the numbers
            inbox = self.start("inbox", self.folder / "kept", "127.0.0.1:0")
            form = ("-F", f"a=@{self.folder}/one.txt;filename=../up.txt", "-F", "b=text", "-F", f"c=@{self.folder}/one.txt")
            answer = curl(f"{inbox.url}/files", *form)
            self.assertEqual((answer.status, [file["number"] for file in answer.json()]), (201, [last + 1, last + 2]))
            self.assertEqual(answer.json()[0]["name"], "../up.txt")
            given = curl(f"{inbox.url}/files/{last + 1}")
            self.assertEqual((given.status, given.content, given.fields["content-disposition"]), (200, "one", "attachment"))
        self.assertEqual(sorted(path.name for path in (self.folder / "kept").iterdir()), ["1", "2", "3", "4"])
        self.assertEqual(curl(f"{inbox.url}/files", "-F", "b=text").status, 422)
        self.assertEqual(curl(f"{inbox.url}/files", "-d", "b=text").json()["status"], 415)
        self.assertEqual(curl(f"{inbox.url}/files/5").json()["status"], 404)
        self.assertIn("none", self.cannot_start("inbox", self.folder / "none", "127.0.0.1:0"))
