"""What the benchmarks share: two sides run in turn, the ratio with its interval, claims, the table and the last line."""
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

SEED = 0
RESAMPLES = 10_000
POLL = 0.02  # seconds between two looks at a process's memory


# --- two sides --------------------------------------------------------------------------------------------------------

def in_turn(sides, repeats):
    """Calls every side once a repeat, in an order that turns round each time; gives the results by side."""
    results = {name: [] for name in sides}
    for repeat in range(repeats):
        for name in list(sides)[::1 if repeat % 2 == 0 else -1]:
            results[name].append(sides[name]())
            print(f"  {name} {repeat + 1} of {repeats}", file=sys.stderr, flush=True)
    return results


def ratio_of_medians(numerators, denominators):
    """The ratio of the medians and its 95 % interval, percentile bootstrap over the pairs; what was seen, if it is one pair."""
    above, below = np.asarray(numerators, float), np.asarray(denominators, float)
    picks = np.random.default_rng(SEED).integers(0, len(above), (RESAMPLES, len(above)))
    low, high = np.percentile(np.median(above[picks], 1) / np.median(below[picks], 1), [2.5, 97.5])
    return float(np.median(above) / np.median(below)), float(low), float(high)


def share(hits, count):
    """A share and its 95 % interval (Wilson 1927)."""
    z, p = 1.96, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * (p * (1 - p) / count + z * z / (4 * count * count)) ** 0.5
    return p, middle - half, middle + half


# --- claims -----------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Claim:
    """ratio with its interval [low, high] should be at least, or at most, `goal`."""
    name: str
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float
    goal: float
    at_least: bool
    holds: bool = None  # if not given: the whole interval keeps the goal

    def __post_init__(self):
        if self.holds is None:
            self.holds = self.low >= self.goal if self.at_least else self.high <= self.goal

    def margin(self):
        """What is to spare, as a share of the goal."""
        return (self.ratio - self.goal) * (1 if self.at_least else -1) / abs(self.goal)

    def line(self):
        fields = {key: getattr(self, key) for key in ("name", "ours", "theirs", "ratio", "low", "high")}
        rounded = {key: float(f"{value:.5g}") if isinstance(value, float) else value for key, value in fields.items()}
        return json.dumps({**rounded, "goal": f"{'>=' if self.at_least else '<='} {self.goal:g}", "holds": bool(self.holds)})


def conclude(name, claims):
    """Prints the claims, one JSON object a line, and last the closest one in the benchmark's name; it holds if all do."""
    require(claims, "nothing could be compared")
    print_table(["claim", "ours", "theirs", "ratio", "95 %", "goal", "holds"],
                [[c.name, c.ours, c.theirs, c.ratio, f"{c.low:.3g} to {c.high:.3g}",
                  f"{'>=' if c.at_least else '<='} {c.goal:g}", "yes" if c.holds else "NO"] for c in claims])
    print(machine())
    for claim in claims:
        print(claim.line())
    closest = min(claims, key=lambda claim: (claim.holds, claim.margin()))
    print(dataclasses.replace(closest, name=name, holds=all(claim.holds for claim in claims)).line())


def print_table(header, rows):
    texts = [[cell if isinstance(cell, str) else "-" if cell is None else f"{cell:.4g}" for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [header, *texts]) for i in range(len(header))]
    for line in [header, *texts]:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))))
    print()


def machine():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    load = " ".join(f"{average:.1f}" for average in os.getloadavg())
    return f"machine: {names[0] if names else 'unknown'}, {os.cpu_count()} cores, load {load}"


def require(holds, what):
    """Ends this program when an answer is wrong: its time would be worthless."""
    if not holds:
        sys.exit(f"the answer is wrong: {what}")


# --- processes --------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Watched:
    seconds: float   # wall time of the whole process
    output: str      # what it wrote to standard output
    private: int     # most memory that no file backs, at one moment, of one process: the one that does the work; bytes
    together: int    # the same of the process and its children; bytes
    resident: int    # the sum of their highest resident sets, file pages with them; bytes

    def json(self):
        """The JSON object that it printed, after whatever else it printed."""
        return json.loads(self.output[self.output.index("\n{") + 1 if not self.output.startswith("{") else 0:])


class Failed(Exception):
    """A command ended with an error; says which and with what."""


def watched(command, **environment):
    """Runs a command to its end and looks at the memory of it and its children. Failed if it fails."""
    with tempfile.TemporaryFile("w+") as out:
        begin = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=out, env={**os.environ, **environment})
        private, together, highest = 0, 0, {}
        while process.poll() is None:
            now = {pid: memory_of(pid) for pid in family(process.pid)}
            private = max([private, *(anonymous for anonymous, _ in now.values())])
            together = max(together, sum(anonymous for anonymous, _ in now.values()))
            highest.update({pid: high for pid, (_, high) in now.items() if high})
            try:
                process.wait(POLL)
            except subprocess.TimeoutExpired:
                pass
        seconds = time.perf_counter() - begin
        out.seek(0)
        if process.returncode != 0:
            raise Failed(f"failed with {process.returncode}: {' '.join(map(str, command))}")
        return Watched(seconds, out.read(), private, together, sum(highest.values()))


def family(pid):
    """The process and all below it."""
    pids = [pid]
    for parent in pids:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as file:
                    pids.extend(map(int, file.read().split()))
        except OSError:
            pass  # it has ended
    return pids


def memory_of(pid):
    """Bytes now that no file backs (a share of what is shared with others), and the highest resident set."""
    try:
        with open(f"/proc/{pid}/status") as file:
            sizes = sizes_in(file)
        shared = 0
        if sizes["RssShmem"]:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                shared = sizes_in(file)["Pss_Shmem"]
        return sizes["RssAnon"] + shared, sizes["VmHWM"]
    except (OSError, KeyError):
        return 0, 0  # it has ended


def sizes_in(lines):
    """The sizes of a file of /proc by name, in bytes."""
    words = [line.split() for line in lines]
    return {line[0].rstrip(":"): int(line[1]) * 1024 for line in words if line[-1] == "kB"}


def program():
    """The program under test."""
    return os.environ.get("BITWRIGHT") or sys.exit("BITWRIGHT does not name the program; run this by ./dev bench")


def median(values):
    return statistics.median(values)
