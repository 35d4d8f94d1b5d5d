#!/usr/bin/env python3
"""The schema of report.json against an independent validator (jsonschema, from PyPI): it is a valid draft 2020-12 schema,
the sample of the report page fits it, and broken reports do not."""
import copy
import json
import os
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    target = os.path.join(os.environ.get("BITWRIGHT_CACHE", os.path.expanduser("~/.cache/bitwright")), "jsonschema")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", target, "jsonschema==4.25.1"], check=True)
    sys.path.append(target)
    import jsonschema

schema = json.loads(subprocess.run([os.environ.get("BITWRIGHT", "build/release/bitwright"), "runs", "schema"],
                                   check=True, capture_output=True).stdout)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)


def faults(report):
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(report)]


def broken(report):
    """Reports with one thing wrong, by what it is."""
    for place, value in {"version": 2, "surprise": 1, "created": None, "models": {}}.items():
        yield f"{place} = {value}", {**report, place: value}
    for field in report["models"][0]["candidates"][0]:
        wrong = copy.deepcopy(report)
        del wrong["models"][0]["candidates"][0][field]
        yield f"candidate without {field}", wrong
    wrong = copy.deepcopy(report)
    wrong["models"][0]["control"]["ratio"]["value"] = None
    yield "figure with neither value nor reason", wrong


good = ["web/sample/report.json", *sys.argv[1:]]
failures = []
for path in good:
    with open(path) as file:
        failures += [f"{path}: {fault}" for fault in faults(json.load(file))]
with open(good[0]) as file:
    sample = json.load(file)
cases = list(broken(sample))
failures += [f"accepted: {what}" for what, report in cases if not faults(report)]
print(*failures, f"{len(good)} good and {len(cases)} broken reports, {len(failures)} failures", sep="\n")
sys.exit(bool(failures))
