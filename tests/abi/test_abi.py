#!/usr/bin/env python3
"""Every rule of tools/abi, shown to refuse: on a small library in a tree of its
own that is recorded, then changed."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "abi"

HEADER = """
#include <stddef.h>
#define DURABLE_LIMIT 10
#define DURABLE_ERROR_MAP(X) X(ONE, 1) X(TWO, 2)
#define DURABLE_INIT {sizeof(durable_options)}
enum { DURABLE_RED = 1, DURABLE_BLUE = 2 };
typedef struct durable_thing durable_thing;
typedef struct durable_options {
  size_t size;
  int first;
  int second;
} durable_options;
typedef struct durable_pair {
  int a;
  int b;
} durable_pair;
int durable_use(durable_thing *t, const durable_options *o, durable_pair *p);
int durable_more(void);
"""
SOURCE = """
#include <durable/durable.h>
struct durable_thing { int hidden; };
__attribute__((visibility("default")))
int durable_use(durable_thing *t, const durable_options *o, durable_pair *p) {
  return t->hidden + o->first + p->a;
}
__attribute__((visibility("default"))) int durable_more(void) { return 1; }
"""
NEWER = '__attribute__((visibility("default"))) int durable_new(void) { return 2; }\n'
MAP = "DURABLE_1.0 {\n  global: durable_use; durable_more;\n  local: *;\n};\n"
MAP_NEWER = MAP + "DURABLE_1.1 {\n  global: durable_new;\n} DURABLE_1.0;\n"


class AbiTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.write("VERSION", "1.0.0\n")
        self.write("abi/include/durable/durable.h", HEADER)
        self.write("tiny.c", SOURCE)
        self.write("abi/libdurable.map", MAP)
        self.build()

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def change(self, path, old, new):
        text = (self.root / path).read_text()
        self.assertIn(old, text)
        self.write(path, text.replace(old, new))

    def build(self):
        (self.root / "build" / "lib").mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["gcc", "-g", "-shared", "-fPIC", "-fvisibility=hidden", "-Iabi/include",
             "-Wl,--version-script=abi/libdurable.map",
             self.root / "tiny.c",
             "-o", "build/lib/libdurable.so"], cwd=self.root, check=True)

    def run_tool(self, command, *environment):
        done = subprocess.run([str(TOOL), command, "--root", str(self.root)],
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT,
                              env=dict(os.environ, **dict(environment)))
        return done.returncode, done.stdout

    def record(self):
        code, said = self.run_tool("record")
        self.assertEqual(code, 0, said)

    def refused(self, text, command="check"):
        code, said = self.run_tool(command)
        self.assertEqual(code, 1, said)
        self.assertIn(text, said)

    def accepted(self):
        code, said = self.run_tool("check")
        self.assertEqual(code, 0, said)
        return said

    def release_1_1(self):
        self.write("VERSION", "1.1.0\n")
        self.build()

    # ---- the record itself

    def test_nothing_recorded_is_refused(self):
        self.refused("nothing recorded for 1.0")

    def test_an_unchanged_tree_is_as_recorded(self):
        self.record()
        self.assertIn("as recorded for 1.0", self.accepted())

    def test_a_record_is_written_once(self):
        self.record()
        self.refused("written once", "record")

    def test_a_version_older_than_its_records_is_refused(self):
        self.write("VERSION", "1.1.0\n")
        self.record()
        self.write("VERSION", "1.0.0\n")
        self.record_is_refused("1.1 is recorded already")

    def record_is_refused(self, text):
        self.refused(text, "record")

    def test_an_unbuilt_library_is_refused(self):
        self.record()
        (self.root / "build/lib/libdurable.so").unlink()
        self.refused("is not built")

    def test_a_library_without_types_is_refused(self):
        self.record()
        subprocess.run(["strip", "build/lib/libdurable.so"], cwd=self.root, check=True)
        self.refused("no debug information")

    # ---- within one minor version: no change at all

    def test_an_addition_without_a_version_is_refused(self):
        self.record()
        self.change("tiny.c", SOURCE, SOURCE + NEWER)
        self.write("abi/libdurable.map", MAP_NEWER)
        self.build()
        self.refused("durable_new@@DURABLE_1.1 is new")

    def test_growth_within_a_version_is_refused(self):
        self.record()
        self.change("abi/include/durable/durable.h", "int second;",
                    "int second;\n  long third;")
        self.build()
        self.refused("durable_options")

    def test_a_new_constant_without_a_version_is_refused(self):
        self.record()
        self.change("abi/include/durable/durable.h", "DURABLE_BLUE = 2",
                    "DURABLE_BLUE = 2, DURABLE_GREEN = 3")
        self.refused("enumerator DURABLE_GREEN is new")

    def test_private_types_may_change(self):
        self.record()
        self.change("tiny.c", "int hidden;", "int other; int hidden;")
        self.build()
        self.accepted()

    def test_an_initialiser_may_change(self):
        self.record()
        self.change("abi/include/durable/durable.h", "{sizeof(durable_options)}",
                    "{sizeof(durable_options), 0}")
        self.accepted()

    # ---- a later minor version: additions only

    def test_an_addition_with_version_and_node_is_accepted(self):
        self.record()
        self.change("tiny.c", SOURCE, SOURCE + NEWER)
        self.write("abi/libdurable.map", MAP_NEWER)
        self.release_1_1()
        self.refused("nothing recorded for 1.1")
        self.record()
        self.assertIn("as recorded for 1.0, 1.1", self.accepted())

    def test_an_addition_under_an_old_node_is_refused(self):
        self.record()
        self.change("tiny.c", SOURCE, SOURCE + NEWER)
        self.write("abi/libdurable.map",
                   MAP.replace("durable_more;", "durable_more; durable_new;"))
        self.release_1_1()
        self.record_is_refused("durable_new@@DURABLE_1.0 is newer than its version")

    def test_growth_of_a_size_first_struct_is_accepted(self):
        self.record()
        self.change("abi/include/durable/durable.h", "int second;",
                    "int second;\n  long third;")
        self.release_1_1()
        self.record()
        self.accepted()

    def test_a_list_grows_at_its_end(self):
        self.record()
        self.change("abi/include/durable/durable.h", "X(TWO, 2)",
                    "X(TWO, 2) X(THREE, 3)")
        self.release_1_1()
        self.record()
        self.accepted()

    def breaks(self, text, *changes):
        """The change is refused in 1.1, against the record of 1.0."""
        self.record()
        for path, old, new in changes:
            self.change(path, old, new)
        self.release_1_1()
        self.record_is_refused(text)

    def test_a_list_that_grows_in_its_middle_is_refused(self):
        self.breaks("macro DURABLE_ERROR_MAP was",
                    ("abi/include/durable/durable.h", "X(TWO, 2)",
                     "X(THREE, 3) X(TWO, 2)"))

    def test_a_field_in_the_middle_is_refused(self):
        self.breaks("durable_options",
                    ("abi/include/durable/durable.h", "int first;",
                     "int zeroth;\n  int first;"))

    def test_growth_of_a_struct_without_a_size_is_refused(self):
        self.breaks("durable_pair",
                    ("abi/include/durable/durable.h", "int b;", "int b;\n  int c;"))

    def test_a_removed_function_is_refused(self):
        self.breaks("symbol durable_more@@DURABLE_1.0 went away",
                    ("abi/libdurable.map", "durable_more;", ""))

    def test_a_changed_return_type_is_refused(self):
        self.breaks("durable_more",
                    ("abi/include/durable/durable.h", "int durable_more",
                     "long durable_more"),
                    ("tiny.c", "int durable_more", "long durable_more"))

    def test_a_changed_enumerator_is_refused(self):
        self.breaks("enumerator DURABLE_BLUE was 2, is 3",
                    ("abi/include/durable/durable.h", "DURABLE_BLUE = 2",
                     "DURABLE_GREEN = 2, DURABLE_BLUE = 3"))

    def test_a_changed_constant_is_refused(self):
        self.breaks("macro DURABLE_LIMIT was 10, is 11",
                    ("abi/include/durable/durable.h", "DURABLE_LIMIT 10",
                     "DURABLE_LIMIT 11"))

    def test_a_removed_constant_is_refused(self):
        self.breaks("macro DURABLE_LIMIT went away",
                    ("abi/include/durable/durable.h", "#define DURABLE_LIMIT 10", ""))

    # ---- records never change

    def git(self, *arguments):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t",
                        *arguments], cwd=self.root, check=True,
                       stdout=subprocess.DEVNULL)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    def recorded_in_git(self):
        self.record()
        self.git("init", "-q")
        self.write(".gitignore", "build/\n")
        self.commit()
        self.assertNotIn("not compared with the history", self.accepted())

    def test_a_changed_record_is_refused(self):
        self.recorded_in_git()
        header = "abi/history/1.0/include/durable/durable.h"
        self.change(header, "DURABLE_LIMIT 10", "DURABLE_LIMIT  10")
        self.refused(f"{header} changed since it was recorded")
        self.commit()
        self.refused(f"{header} changed since it was recorded")

    def test_a_record_names_no_folder_of_the_machine(self):
        self.record()
        text = (self.root / "abi/history/1.0/libdurable.abi").read_text()
        self.assertNotIn(str(self.root), text)
        self.assertIn("path='", text)

    def test_only_where_a_record_was_written_may_change(self):
        self.recorded_in_git()
        record = "abi/history/1.0/libdurable.abi"
        self.change(record, "<abi-instr address-size='64' path='",
                    "<abi-instr address-size='64' path='elsewhere/")
        self.accepted()
        self.change(record, "address-size='64'", "address-size='32'")
        self.refused(f"{record} changed since it was recorded")

    def test_a_removed_record_is_refused(self):
        self.recorded_in_git()
        (self.root / "abi/history/1.0/include/durable/durable.h").unlink()
        self.write("abi/history/1.0/include/durable/other.h", HEADER)
        self.refused("durable.h was recorded and went away")

    def test_a_file_added_to_a_record_is_refused(self):
        self.recorded_in_git()
        self.write("abi/history/1.0/notes", "late\n")
        self.commit()
        self.refused("abi/history/1.0/notes came later than its record")

    def test_without_a_clone_the_reason_is_printed(self):
        self.record()
        self.assertIn("not compared with the history of records: this is not a "
                      "clone", self.accepted())


if __name__ == "__main__":
    unittest.main()
