#!/usr/bin/env python3
"""deps/fetch: each group can be asked for first, on a system with nothing of it, whatever the order of the commands."""
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FETCH = ROOT / "deps" / "fetch"
# A command that a recipe of deps/fetch calls, and the package that has it. What dpkg and coreutils have is always there.
PACKAGE_OF = {"python3": "python3-venv", "pip": "python3-pip", "unzip": "unzip", "cmake": "cmake", "gcc": "build-essential",
              "cargo": "cargo-web", "ccache": "ccache"}


def block(name):
    return re.search(rf"^{name}='([^']*)'", FETCH.read_text(), re.M)[1].splitlines()


def functions():
    text = FETCH.read_text()
    many = re.findall(r"^(\w+)\(\) \{(.*?)^\}", text, re.M | re.S)
    return {name: re.sub(r"#.*", "", body) for name, body in many}


ROWS = [line.split() for line in (ROOT / "deps" / "list").read_text().splitlines() if line and not line.startswith("#")]
NEEDS = {line.split()[0]: line.split()[1:] for line in block("needs")}
PRODUCTS = [line.split() for line in block("products")]


def closure(group):
    found = {group}
    for needed in NEEDS.get(group, []):
        found |= closure(needed)
    return found


def packages(group):
    return {row[2] for row in ROWS if row[1] == "apt" and row[0] in closure(group)}


def called(name, bodies):
    """The text of a function and of all that it calls."""
    text = bodies.pop(name, "")
    for other in [word for word in re.findall(r"\w+", text) if word in bodies]:
        text += called(other, bodies)
    return text


class Fetch(unittest.TestCase):
    def test_what_makes_a_product_is_in_its_group_or_in_one_that_it_needs(self):
        for group, product, *names in PRODUCTS:
            text = called(f"make_{product}", functions())
            clients = {row[1] for row in ROWS if row[2] in names}
            text += "".join(called(f"download_{client}", functions()) for client in clients)
            for command, package in PACKAGE_OF.items():
                if re.search(rf"(^|[\s/(]){command}\b(?!/)", text, re.M):
                    self.assertIn(package, packages(group), f"{product} of group {group} is made with {command}")

    def test_a_product_of_another_group_is_there_before(self):
        group_of = {product: group for group, product, *_ in PRODUCTS}
        for group, product, *_ in PRODUCTS:
            for other in re.findall(r"root_of (\w+)", called(f"make_{product}", functions())):
                self.assertIn(group_of[other], closure(group), f"{product} stands on {other}")

    def test_only_groups_are_asked_for_and_needed(self):
        groups = {row[0] for row in ROWS + PRODUCTS}
        self.assertLessEqual({*NEEDS, *(name for names in NEEDS.values() for name in names)}, groups)
        asked = re.findall(r"^.*[ )]deps/fetch ([a-z0-9 ]+?)(?: ;;)?$", (ROOT / "dev").read_text(), re.M)
        self.assertGreater(len(asked), 5)
        self.assertLessEqual(set(" ".join(asked).split()), groups)

    def test_an_unknown_group_is_refused_with_those_that_there_are(self):
        done = subprocess.run([FETCH, "--missing", "tset"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such group: tset. There are: python build", done.stderr)

    def test_missing_names_what_the_needed_groups_lack_too(self):
        done = subprocess.run([FETCH, "--missing", "test"], capture_output=True, text=True, env={
            "PATH": "/usr/bin:/bin", "BITWRIGHT_CACHE": "/nowhere", "HOME": "/nowhere"})
        self.assertEqual(done.returncode, 0)
        self.assertEqual([name for name in done.stdout.split() if name in {"peers", "corpus"}], ["peers", "corpus"])


unittest.main()
