"""Trained models that packages of PyPI carry (deps/list, group models), and data that fits each, made here: pictures of the
zoo, rendered text, synthesized speech and notes, files of many kinds. Each model also says what its outputs are used for,
so that what was lost can be told in its own terms."""
import dataclasses
import functools
import os
import pathlib
import re
import subprocess

import numpy as np

import synthetic

TREE = pathlib.Path(__file__).resolve().parent.parent
ZOO = pathlib.Path(os.environ.get("BITWRIGHT_ZOO", "zoo"))
CALIBRATION, EVALUATION = 64, 96  # samples


@dataclasses.dataclass(frozen=True)
class Model:
    name: str
    file: str                    # below the folder of the packages
    data: object                 # (count, seed) -> arrays by name, each with the samples along its first axis
    inputs: dict                 # model's input -> how dataset.yaml takes it
    feed: object                 # (arrays, i) -> what the runtime gets for sample i, by input
    measure: str                 # what `judge` tells
    judge: object                # (outputs of the float model by sample, of another, arrays) -> (float's figure or None, the other's)
    task: str = "outputs"
    label: str = ""              # the array of class numbers
    numbers: str = ""            # the output that is numbers, though it looks like class scores
    samples: tuple = (CALIBRATION, EVALUATION)
    groups: dict = dataclasses.field(default_factory=dict)  # number of an output that holds several kinds -> {kind: where along its second axis}

    def description(self):
        """dataset.yaml for calib.npz and test.npz beside it."""
        lines = ["version: 1", f"task: {self.task}", "source: {kind: npz}", "inputs:"]
        lines += [f'  "{name}": {{{how}}}' for name, how in self.inputs.items()]
        lines += [f"label: {{from: {self.label}}}"] if self.label else []
        lines += [f'outputs: {{"{self.numbers}": {{metric: fidelity}}}}'] if self.numbers else []
        return "\n".join([*lines, "splits: {calibration: {path: calib.npz}, evaluation: {path: test.npz}}"]) + "\n"

    def prepare(self, folder):
        """Writes the data; returns the evaluation split and the description's path."""
        folder.mkdir(parents=True, exist_ok=True)
        for seed, (split, count) in enumerate(zip(("calib", "test"), self.samples)):
            arrays = self.data(count, seed)
            np.savez(folder / f"{split}.npz", **arrays)
        (folder / "dataset.yaml").write_text(self.description())
        return arrays, folder / "dataset.yaml"

    def outputs(self, file, arrays):
        """The float outputs of every sample, by onnxruntime."""
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        return [[output for output in session.run(None, self.feed(arrays, i)) if output.dtype.kind == "f"] for i in range(len(next(iter(arrays.values()))))]


@functools.cache
def folder():
    """Where the models lie; brought if they are not there."""
    subprocess.run([TREE / "deps/fetch", "models"], check=True)
    roots = subprocess.run([TREE / "deps/fetch", "--roots"], capture_output=True, text=True, check=True).stdout
    return pathlib.Path(re.search(r"^models=(.*)$", roots, re.M).group(1))


def decibels(before, after):
    """Signal over error of arrays by sample: over all of them, infinite where they are equal, no number where numbers are missing."""
    old, new = (np.concatenate([array.ravel() for array in side]).astype(np.float64) for side in (before, after))
    error = np.sum((old - new) ** 2)
    return 10 * np.log10(np.sum(old ** 2) / error) if error != 0 else np.inf


# --- how samples reach the runtime ------------------------------------------------------------------------------------

def batched(axes, arrays, i):
    """Sample i with a batch of one on each input's own axis; None: the sample is the whole input."""
    return {name: np.asarray(arrays[name][i]) if axis is None else np.expand_dims(arrays[name][i], axis) for name, axis in axes.items()}


def pictures(name, mean, std):
    def feed(arrays, i):
        pixels = (arrays["pictures"][i].astype(np.float32) / 255 - np.float32(mean)) / np.float32(std)
        return {name: np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]}
    return feed


def picture_inputs(name, mean, std):
    return {name: f"from: pictures, layout: NCHW, color: RGB, scale: 1/255, mean: {mean}, std: {std}"}


# --- what outputs are used for ------------------------------------------------------------------------------------------

def boxes_found(before, after, _):
    """Share of the float model's detections that are there with the same class and half the area in common."""
    found = total = 0
    for old, new in zip(before, after):
        wanted, got = detections(old[0][0]), detections(new[0][0])
        total += len(wanted)
        found += sum(any(a[0] == b[0] and overlap(a[1], b[1]) > 0.5 for b in got) for a in wanted)
    return None, found / max(1, total)


def detections(output, least=0.2):
    """(class, box) of [4 + classes, cells], the surest first, without those that cover one another."""
    scores, kept = output[4:].max(0), []
    for cell in np.argsort(-scores):
        if scores[cell] < least:
            break
        x, y, w, h = output[:4, cell]
        box, kind = (x - w / 2, y - h / 2, x + w / 2, y + h / 2), int(output[4:, cell].argmax())
        if not any(kind == other and overlap(box, there) > 0.45 for other, there in kept):
            kept.append((kind, box))
    return kept


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(0.0, width) * max(0.0, height)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common + 1e-9)


def common_area(threshold):
    """Of all elements above the threshold in either output, the share above it in both."""
    def judge(before, after, _):
        pairs = [(old > threshold, new > threshold) for olds, news in zip(before, after) for old, new in zip(olds, news)]
        either = sum(int((old | new).sum()) for old, new in pairs)
        return None, sum(int((old & new).sum()) for old, new in pairs) / max(1, either)
    return judge


def same_side(threshold):
    """Share of the first output's numbers on the same side of the threshold."""
    def judge(before, after, _):
        same = [(old[0] > threshold) == (new[0] > threshold) for old, new in zip(before, after)]
        return None, float(np.mean(np.concatenate([s.ravel() for s in same])))
    return judge


def near(distance):
    """Share of the first output's numbers that are at most so far from the float model's."""
    def judge(before, after, _):
        return None, float(np.mean([np.abs(old[0] - new[0]) <= distance for old, new in zip(before, after)]))
    return judge


def classes_right(before, after, arrays):
    right = lambda outputs: float(np.mean([o[0].argmax() == y for o, y in zip(outputs, arrays["label"])]))  # noqa: E731
    return right(before), right(after)


def lines_right(before, after, arrays):
    """Share of the lines that are read without a fault: the likeliest symbol of each step, repeats and blanks left out."""
    right = lambda outputs: float(np.mean([read(o[0][0]) == str(t) for o, t in zip(outputs, arrays["text"])]))  # noqa: E731
    return right(before), right(after)


@functools.cache
def symbols():
    import onnx
    model = onnx.load(folder() / "rapidocr/models/PP-OCRv6_rec_small.onnx", load_external_data=False)
    listed = next(entry.value for entry in model.metadata_props if entry.key == "character")
    return ["", *listed.split("\n"), " "]


def read(steps):
    best = steps.argmax(-1)
    return "".join(symbols()[k] for k, last in zip(best, [0, *best[:-1]]) if k != last and k < len(symbols()))


# --- the models -------------------------------------------------------------------------------------------------------

def zoo_pictures(side):
    """The zoo's photographs, upright squares of `side` pixels."""
    def data(count, seed):
        from PIL import Image
        with np.load(ZOO / f"data/imagenet-sample/{'calib' if seed == 0 else 'test'}.npz") as file:
            taken = file["x"][:count]
        return {"pictures": np.stack([np.asarray(Image.fromarray(p).resize((side, side))) for p in taken])}
    return data


def speech(**more):
    """Windows of 32 ms at 16 kHz, each with 4 ms of the one before, and the state that the float model is in by then."""
    def data(count, seed):
        windows = synthetic.speech_windows(count, seed)
        state = carried_state(windows)
        return {"input": windows, "state": state, **{name: np.full(count, value, np.int64) for name, value in more.items()}}
    return data


def carried_state(windows):
    import onnxruntime
    session = onnxruntime.InferenceSession(str(folder() / "silero_vad/data/silero_vad.onnx"), providers=["CPUExecutionProvider"])
    states = [np.zeros((2, 1, 128), np.float32)]
    for window in windows:
        states.append(session.run(None, {"input": window[None], "state": states[-1], "sr": np.array(16000)})[1])
    return np.concatenate(states[:-1], 1).transpose(1, 0, 2).copy()


def speech_sequences(count, seed, length=24):
    windows = synthetic.speech_windows(count * length, seed).reshape(count, length, 576)
    nothing = np.zeros((count, 1, 1, 128), np.float32)
    return {"input": windows, "h": nothing, "c": nothing}


def silero(name, axes, data, samples=(256, 512)):
    inputs = {given: f"from: {given}, batch_axis: {'none' if axis is None else axis}" for given, axis in axes.items()}
    return Model(f"silero-{name}", f"silero_vad/data/{'silero_vad' if name == 'vad' else f'silero_vad_{name}'}.onnx", data, inputs,
                 functools.partial(batched, axes), "speech or not, as float", same_side(0.5), samples=samples)


STATE, RATE = {"input": 0, "state": 1}, {"sr": None}
HALF = [0.5] * 3
MODELS = {model.name: model for model in (
    Model("nudenet-320n", "nudenet/320n.onnx", zoo_pictures(320), picture_inputs("images", 0, 1), pictures("images", 0, 1),
          "detections of float found", boxes_found, groups={0: {"boxes": slice(0, 4), "scores": slice(4, None)}}),
    Model("rapidocr-det", "rapidocr/models/PP-OCRv6_det_small.onnx", synthetic.pages, picture_inputs("x", HALF, HALF), pictures("x", 0.5, 0.5),
          "text area in common with float", common_area(0.3), samples=(32, 48)),
    Model("rapidocr-rec", "rapidocr/models/PP-OCRv6_rec_small.onnx", synthetic.text_lines, picture_inputs("x", HALF, HALF), pictures("x", 0.5, 0.5),
          "lines read right", lines_right),
    Model("rapidocr-cls", "rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx", synthetic.turned_lines, picture_inputs("x", HALF, HALF), pictures("x", 0.5, 0.5),
          "lines the right way up", classes_right, task="classification", label="label", samples=(128, 256)),
    silero("vad", {**STATE, **RATE}, speech(sr=16000)),
    silero("16k_op15", {**STATE, **RATE}, speech(sr=16000)),
    silero("op18_ifless", {**STATE, **RATE}, speech(sr=16000)),
    silero("half", STATE, speech()),
    silero("openvino_16k", STATE, speech()),
    silero("16k_sequence", {"input": None, "h": None, "c": None}, speech_sequences, samples=(32, 64)),
    Model("magika", "magika/models/standard_v3_3/model.onnx", synthetic.files, {"bytes": "from: bytes"}, functools.partial(batched, {"bytes": 0}),
          "kinds of file right", classes_right, task="classification", label="label", samples=(128, 256)),
    Model("basic-pitch", "basic_pitch/saved_models/icassp_2022/nmp.onnx", synthetic.music, {"serving_default_input_2:0": "from: audio"},
          lambda arrays, i: {"serving_default_input_2:0": arrays["audio"][i][None]}, "notes in common with float", common_area(0.5), samples=(24, 32)),
    Model("dnsmos", "speechmos/dnsmos_models/sig_bak_ovr.onnx", synthetic.recordings, {"input_1": "from: audio"},
          lambda arrays, i: {"input_1": arrays["audio"][i][None]}, "opinion scores within 0.1 of float's", near(0.1), numbers="Identity:0", samples=(24, 32),
          groups={0: {"speech": slice(0, 1), "background": slice(1, 2), "overall": slice(2, 3)}}),
)}
