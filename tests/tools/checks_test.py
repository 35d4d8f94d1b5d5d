#!/usr/bin/env python3
"""tools/check_layers and tools/check_tree on small trees with one fault each."""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Checks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.write("src/layers.txt", "layer base\nlayer data plan\nlayer cli\nconfine sqlite3.h plan\n")
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_tool(self, tool):
        done = subprocess.run([ROOT / "tools" / tool, self.root], capture_output=True, text=True)
        return done.returncode, done.stdout

    def expect(self, tool, fault):
        code, output = self.run_tool(tool)
        self.assertIn(fault, output)
        self.assertEqual(code, 1)

    def test_include_from_below_and_from_main_is_fine(self):
        self.write("src/data/a.h", '#pragma once\n#include "base/b.h"\n#include "data/c.h"\n#include <vector>\n')
        self.write("src/main.cpp", '#include "cli/d.h"\n')
        self.assertEqual(self.run_tool("check_layers")[0], 0)

    def test_include_from_above(self):
        self.write("src/base/a.h", '#pragma once\n#include "data/b.h"\n')
        self.expect("check_layers", "src/base/a.h:2: base/ includes data/b.h, but data/ is above it")

    def test_include_from_beside(self):
        self.write("src/data/a.cpp", '#include "plan/b.h"\n')
        self.expect("check_layers", "src/data/a.cpp:1: data/ includes plan/b.h, but plan/ is beside it")

    def test_confined_header(self):
        self.write("src/data/a.cpp", "#include <sqlite3.h>\n")
        self.expect("check_layers", "src/data/a.cpp:1: sqlite3.h may be included only in plan/")

    def test_unknown_folder(self):
        self.write("src/helpers/a.cpp", "")
        self.expect("check_layers", "src/helpers/ is not in src/layers.txt")

    def test_left_over_word(self):
        self.write("src/base/a.cpp", "int a;  // TO" "DO\n")
        self.expect("check_tree", "src/base/a.cpp:1: left-over word")

    def test_machine_path(self):
        self.write("README.md", "see /ho" "me/someone/model.onnx\n")
        self.expect("check_tree", "README.md:1: path of a machine")

    def test_long_file_and_missing_pragma(self):
        self.write("src/base/a.h", "\n" * 601)
        self.expect("check_tree", "src/base/a.h: 601 lines, more than 600")
        self.expect("check_tree", "src/base/a.h: no #pragma once")

    def test_big_file(self):
        self.write("data.bin", "x" * (2 * 1024 * 1024 + 1))
        self.expect("check_tree", "data.bin: 2097153 bytes")

    def test_two_types_of_one_name(self):
        self.write("src/base/a.h", "#pragma once\nnamespace bw {\nstruct Run;\nstruct Run {\n  int n = '{';\n};\n}  // namespace bw\n")
        self.write("src/data/b.cpp", "namespace bw {\n// struct Walk {\nclass Run final : public Walk {\n};\n}\n")
        self.expect("check_tree", "src/data/b.cpp:3: another type is called bw::Run at src/base/a.h:4")

    def test_an_alias_of_a_types_name(self):
        self.write("src/base/a.h", "#pragma once\nnamespace bw {\nusing Run = int;\nstruct Walk {};\n}\n")
        self.write("src/data/b.h", "#pragma once\nnamespace bw {\nstruct Run {};\n}\n")
        self.expect("check_tree", "src/data/b.h:3: another type is called bw::Run at src/base/a.h:3")

    def test_types_that_nobody_mistakes(self):
        self.write("src/base/a.h", "#pragma once\nnamespace bw {\nstruct Run { struct Step {}; };\nclass Step;\n}\n")
        self.write("src/base/b.cpp", "namespace bw {\nnamespace {\nstruct Run {};\n}\nvoid f() {\n  struct Run {};\n}\n}\n")
        self.write("src/data/c.h", "#pragma once\nnamespace bw::data {\nenum class Run : int { A };\n}\n"
                   'namespace bw {\nenum class Step { B };\nconst char* kText = R"(struct Run {)";\n}\n')
        self.assertEqual(self.run_tool("check_tree")[0], 0)


unittest.main()
