"""AIMET-ONNX's side of perf/rounding: aimet.py ITERATIONS SAMPLES prints one JSON object last: accuracy of resnet20 with int4 weights and
int8 activations, rounded to the nearest and by its AdaRound, and the processor time of the learning."""
import json
import resource
import sys

import aimet_onnx
import numpy as np
import onnx

import zoo

NETWORK, BATCH = zoo.NETWORKS["resnet20"], 32


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def accuracy(sim, inputs, labels):
    name, pictures = next(iter(inputs.items()))
    right = 0
    for first in range(0, len(labels), 100):
        scores = sim.session.run(None, {name: pictures[first:first + 100]})[0]
        right += int((scores.argmax(1) == labels[first:first + 100]).sum())
    return right / len(labels)


def main(iterations, samples):
    calibration = NETWORK.inputs("calib", samples)
    batches = [{name: array[first:first + BATCH] for name, array in calibration.items()} for first in range(0, samples, BATCH)]
    test = NETWORK.inputs("test")
    with np.load(zoo.ROOT / "data" / NETWORK.files.format("test")) as file:
        labels = file["y"].reshape(-1)
    sim = aimet_onnx.QuantizationSimModel(onnx.load(str(NETWORK.model)), param_type="int4", activation_type="int8")
    sim.compute_encodings(batches)
    nearest = accuracy(sim, test, labels)
    begin = processor_seconds()
    aimet_onnx.apply_adaround(sim, batches, num_iterations=iterations)
    seconds = processor_seconds() - begin
    sim.compute_encodings(batches)
    print(json.dumps({"nearest": nearest, "learned": accuracy(sim, test, labels), "seconds": seconds}))


main(*map(int, sys.argv[1:]))
