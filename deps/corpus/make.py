#!/usr/bin/env python3
"""Writes the test models of the onnx package (about 1,900) with their inputs and right outputs into a folder:
NAME/model.onnx, NAME/input_K.pb and NAME/output_K.pb. Needs the packages onnx and numpy. Usage: make.py FOLDER"""
import pathlib
import shutil
import sys
import warnings

warnings.filterwarnings("ignore")  # the cases divide by zero on purpose

import onnx
from onnx import numpy_helper
from onnx.backend.test.case import model as model_cases
from onnx.backend.test.case import node as node_cases


def as_proto(value, info):
    kind = info.type.WhichOneof("value")
    if isinstance(value, onnx.TensorProto):
        return value
    if kind == "sequence_type":
        return numpy_helper.from_list(value, info.name)
    if kind == "optional_type":
        return numpy_helper.from_optional(value, info.name)
    return numpy_helper.from_array(value, info.name)


def main(folder):
    target = pathlib.Path(folder)
    temporary = target.with_name(target.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    cases = node_cases.collect_testcases(None) + model_cases.collect_testcases()
    for case in cases:
        if case.model is None:
            continue
        place = temporary / case.name
        place.mkdir(parents=True)
        onnx.save(case.model, place / "model.onnx")
        for inputs, outputs in (case.data_sets or [])[:1]:
            for k, (value, info) in enumerate(zip(inputs, case.model.graph.input)):
                (place / f"input_{k}.pb").write_bytes(as_proto(value, info).SerializeToString())
            for k, (value, info) in enumerate(zip(outputs, case.model.graph.output)):
                (place / f"output_{k}.pb").write_bytes(as_proto(value, info).SerializeToString())
    data = pathlib.Path(onnx.__file__).parent / "backend/test/data"
    for file in sorted(data.rglob("*.onnx")):
        place = temporary / (file.parent.name if file.name == "model.onnx" else file.stem)
        if place.exists():
            continue
        place.mkdir()
        shutil.copyfile(file, place / "model.onnx")
        for given in sorted(file.parent.glob("test_data_set_0/*put_*.pb")):
            shutil.copyfile(given, place / given.name)
    shutil.rmtree(target, ignore_errors=True)
    temporary.rename(target)
    print(len(list(target.iterdir())), "models")


if __name__ == "__main__":
    main(sys.argv[1])
