#!/usr/bin/env python3
"""tools/mutate on a small tree of its own: a function, its test, and faults of every outcome."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.25)\nproject(small CXX)\nset(CMAKE_EXPORT_COMPILE_COMMANDS ON)\nadd_executable(sum_test src/sum/sum.cpp)\n",
    "CMakePresets.json": '{"version": 6, "configurePresets": [{"name": "release", "generator": "Ninja", '
                         '"binaryDir": "${sourceDir}/build/${presetName}"}]}\n',
    ".gitignore": "/build/\n",
    # Fails, when it should, by its exit code, as Catch2's programs do.
    "src/sum/sum.cpp": "int sum(int a, int b) {\n  int result = a;\n  result += b;\n  return result;\n}\n"
                       "int twice(int a) {\n  return a + a;\n}\nint main() {\n  return sum(2, 3) == 5 ? 0 : 1;\n}\n",
}
FAULT = "fault {}\nfile src/sum/sum.cpp\nold {}\nnew {}\n\n"
SEEN = FAULT.format("minus", "result += b;", "result -= b;")
UNSEEN = FAULT.format("thrice", "return a + a;", "return a + a + a;")


class Mutate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name, text in FILES.items():
            self.write(name, text)
        (self.root / "tools").mkdir()
        shutil.copy(ROOT / "tools/mutate", self.root / "tools/mutate")
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_tool(self, faults, *arguments):
        self.write("tests/faults/sum.faults", faults)
        done = subprocess.run([self.root / "tools/mutate", *arguments], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_a_fault_that_is_noticed(self):
        code, output = self.run_tool("# the only one\n" + SEEN)
        self.assertRegex(output, r"minus +noticed")
        self.assertIn("1 of 1 noticed: 100.0 %", output)
        self.assertEqual(code, 0)
        self.assertEqual((self.root / "src/sum/sum.cpp").read_text(), FILES["src/sum/sum.cpp"])

    def test_faults_that_are_not(self):
        code, output = self.run_tool(SEEN + UNSEEN + FAULT.format("typo", "return result;", "return resulting;")
                                     + FAULT.format("gone", "return product;", "return 0;")
                                     + FAULT.format("twice", "return", "throw"))
        for line in (r"minus +noticed", r"thrice +SURVIVED", r"typo +DOES NOT COMPILE", r"gone +DOES NOT APPLY",
                     r"twice +DOES NOT APPLY"):
            self.assertRegex(output, line)
        self.assertIn("1 of 2 noticed: 50.0 %; 2 does not apply; 1 does not compile", output)
        self.assertEqual(code, 1)

    def test_some_of_them(self):
        for arguments in (["minus"], ["min*"]):
            self.assertIn("1 of 1 noticed", self.run_tool(SEEN + UNSEEN, *arguments)[1])
        one = self.run_tool(SEEN + UNSEEN, "--check", "--sample", "1", "--seed", "3")
        self.assertEqual(one, (0, "1 faults, 0 do not apply\n"))
        self.assertEqual(self.run_tool(SEEN, "plus"), (1, "no fault is called 'plus'\n"))

    def test_tests_that_fail_anyway(self):
        self.write("src/sum/sum.cpp", FILES["src/sum/sum.cpp"].replace("== 5", "== 6"))
        code, output = self.run_tool(SEEN)
        self.assertIn("sum_test  fails without a fault", output)
        self.assertEqual(code, 2)

    def test_lists_are_checked(self):
        self.assertIn("'old' has no place here", self.run_tool("old x\n")[1])
        self.assertIn("fault 'minus' has no 'old'", self.run_tool("fault minus\nfile a\nnew b\n")[1])
        self.assertIn("two faults are called 'minus'", self.run_tool(SEEN + SEEN)[1])
        code, output = self.run_tool(FAULT.format("gone", "return product;", ""), "--check")
        self.assertIn("sum.faults: 'gone': its line stands not once in src/sum/sum.cpp", output)
        self.assertEqual(code, 1)


unittest.main()
