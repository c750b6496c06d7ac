"""Databases that cannot be used, and two processes on one that can."""

import json
import shutil
import sqlite3
import unittest

from support import CliTest, obey_permissions

LOOKS = (["list"], ["get", "x"], ["history", "x"], ["stop", "x"],
         ["callback", "succeed", "--of", "x"])


class Database(CliTest):
    def refused_by_all(self, path, *words):
        for look in LOOKS:
            with self.subTest(command=look[0]):
                self.assertRefused(self.durable(*look, "--db", path), *words)

    def run_on(self, path, preexec=None):
        task = self.task("echo", "x", "--input", "1")
        task[task.index(self.db)] = path
        return self.durable(*task, preexec=preexec)

    def test_not_there(self):
        self.refused_by_all(self.db, str(self.db))
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_in_a_directory_that_is_not_there(self):
        self.assertRefused(self.run_on(self.directory / "no" / "x.db"),
                           "no/x.db")

    def test_not_a_database(self):
        self.db.write_text("these are notes, not a database\n" * 100)
        before = self.db.read_bytes()
        self.assertRefused(self.run_on(self.db), str(self.db), "not a")
        self.refused_by_all(self.db, str(self.db), "not a")
        self.assertEqual(self.db.read_bytes(), before)

    def test_of_another_program(self):
        other = sqlite3.connect(self.db)
        other.execute("CREATE TABLE notes(text)")
        other.execute("INSERT INTO notes VALUES('keep me')")
        other.commit()
        self.assertRefused(self.run_on(self.db), "another program")
        self.refused_by_all(self.db, "another program")
        self.assertEqual(other.execute("SELECT text FROM notes").fetchall(),
                         [("keep me",)])
        self.assertEqual(other.execute("SELECT count(*) FROM sqlite_schema")
                         .fetchone(), (1,))
        other.close()

    def test_directory(self):
        self.assertRefused(self.run_on(self.directory), str(self.directory))
        self.refused_by_all(self.directory, str(self.directory))

    def test_empty_path(self):
        self.assertRefused(self.run_on(""), "--db")
        self.assertRefused(self.durable("list", "--db", ""), "--db")

    def test_memory_cannot_be_looked_at(self):
        self.assertRefused(self.durable("list", "--db", ":memory:"), "memory")

    def test_locked(self):
        self.assertExit(0, self.run_on(self.db))
        other = sqlite3.connect(self.db)
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        self.assertRefused(self.run_on(self.db), "locked")
        other.rollback()
        other.close()
        answer = self.run_on(self.db)
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), 1)

    def test_read_only_file(self):
        self.assertExit(0, self.run_on(self.db))
        self.db.chmod(0o444)
        self.assertRefused(self.run_on(self.db, obey_permissions),
                           str(self.db), "read-only")
        self.db.chmod(0o644)
        self.assertExit(0, self.run_on(self.db))

    def test_file_that_may_not_be_read(self):
        self.assertExit(0, self.run_on(self.db))
        self.db.chmod(0)
        self.assertRefused(self.run_on(self.db, obey_permissions),
                           str(self.db))

    def test_read_only_directory(self):
        place = self.directory / "place"
        place.mkdir()
        place.chmod(0o555)
        self.assertRefused(self.run_on(place / "x.db", obey_permissions),
                           "place/x.db")
        self.assertEqual(list(place.iterdir()), [])

    def test_served_by_another(self):
        first = self.start(*self.task("gate", "x"))
        self.until_waiting("x", first)
        answer = self.durable(*self.task("gate", "x"))
        self.assertRefused(answer, str(first.pid))
        self.assertIsNone(first.poll())
        self.assertExit(0, self.durable("callback", "succeed", "--of", "x",
                                        "--db", self.db))
        self.assertExit(0, self.wait_for(first))

    def test_copy_of_a_database(self):
        self.assertExit(0, self.run_on(self.db))
        copy = self.directory / "copy.db"
        shutil.copy(self.db, copy)
        answer = self.durable("get", "x", "--db", copy, "--json")
        self.assertEqual(json.loads(answer.stdout)["result"], 1)


if __name__ == "__main__":
    unittest.main()
