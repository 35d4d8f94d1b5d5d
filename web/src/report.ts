// report.json, version 1: what `bitwright bench` found out, as the report page, the dashboard and other tools read it.
//
// Rules that hold everywhere:
// - Every field is always present. What does not apply or was not measured is null (lists: empty).
// - Numbers are finite. Times are in seconds, sizes in bytes, shares from 0 to 1. No percentages, no milliseconds.
// - A measured number is a Figure. If it could not be measured, `value` is null and `reason` says why, in words for the user.
// - Intervals are 95 % intervals; low and high are null together when the figure is not an estimate (a file's size).
// - "original" is the float model, "quantized" the candidate, in the same run.
// - All strings are plain text. The page inserts them as text, never as markup.

/** How a number is to be read. Differences have the unit of what they are a difference of. */
export type Unit =
  | "seconds"
  | "bytes"
  | "fraction"      // share of a whole, 0 to 1: top1, agreement, utilisation. Shown as a percentage.
  | "ratio"         // quotient of two like quantities; 1 means equal
  | "decibel"
  | "score"         // the metric's own scale: perplexity, mean absolute error, Spearman
  | "operations/s"
  | "bytes/s";

export interface Figure {
  value: number | null;
  low: number | null;      // lower end of the 95 % interval
  high: number | null;     // upper end
  n: number | null;        // samples or timed runs behind it
  unit: Unit;
  reason: string | null;   // why value is null; null where value is a number
}

/** Of a candidate compared with the float model. Lower latency is better; a metric says its own direction. */
export type Verdict = "better" | "same" | "worse" | "inconclusive";

/** ok: measured, an option. not_better: measured, but no gain over float or a constraint is missed (`reason` says which).
 *  refused: cannot be made for this model or target. worker_died, timeout: the runtime failed while it was measured. */
export type Status = "ok" | "not_better" | "refused" | "worker_died" | "timeout";

export interface Metrics {
  accuracy: Figure;              // the data set's first metric; without labels what is kept of the float model's outputs
  inference_time: Figure;        // median of one inference
  memory_usage: Figure;          // peak resident set of the worker process
  model_size: Figure;            // bytes of all files that must be shipped
  compression_ratio: Figure;     // this size over the float model's; 1 for the float model
  hardware_utilization: Figure;  // CPU time over wall time times cores, fraction
}

export interface Latency {
  p50: Figure;
  p90: Figure;
  p99: Figure;
  load_time: Figure;             // from the file to a session that is ready to run
}

export interface MetricComparison {
  name: string;                  // top1, f1, perplexity, ...
  output: string | null;         // the model's output that it is about; null for a metric of the user's own
  direction: "higher" | "lower"; // which way is better
  original: Figure;
  quantized: Figure;
  difference: Figure;            // quantized - original, paired by sample
  verdict: Verdict;
}

/** One output of the model beside the float model's. */
export interface OutputComparison {
  name: string;
  measure: "agreement" | "fidelity";   // agreement: class scores and integers; fidelity: other numbers
  decides: boolean;                    // accuracy_retention is about the worst of those, where there are no labels
  agreement: Figure;                   // share of answers that are the float model's own
  sqnr: Figure;                        // signal over error, decibel
  fidelity: Figure;                    // 1 - error relative to the output's own spread, at least 0
  elements: number;                    // over all samples
  not_finite: number;                  // elements that are NaN or infinite, more than the float model's
  not_finite_samples: number;          // in how many samples
  resized_samples: number;             // samples with more or fewer elements than the float model gives
}

/** Exact McNemar test on the first metric's hits and misses. */
export interface McNemar {
  b: number;                     // samples only the float model has right
  c: number;                     // samples only the candidate has right
  p: number;                     // two-sided, exact
}

/** What the candidate's kernels reach on this machine. */
export interface Achieved {
  operations: Figure;            // operations/s
  bytes: Figure;                 // bytes/s
  operations_of_peak: Figure;    // fraction of the machine's measured peak
  bytes_of_peak: Figure;
}

/** Paths are relative to report.json's folder. */
export interface ShippedFile { path: string; bytes: number; sha256: string }

export interface Candidate {
  name: string;                  // unique within its model; folder name under candidates/, then @ and a runtime that is not the first
  recipe: string;                // cle+int8-static(observer=mse)
  method: string;                // group: ptq_8bit, ptq_4bit, dynamic, mixed_precision, qat, half, ...
  target: string;                // catalog entry: onnxruntime-cpu, ...
  hardware_target: string;       // cpu, mps, ane, all
  runtime: string;               // in which it was measured: onnxruntime, openvino
  status: Status;
  reason: string | null;         // one sentence, for every status but ok
  command: string | null;        // command line that makes this candidate alone
  notes: string[];               // fallbacks taken, warnings; whole sentences
  artifact: (ShippedFile & { files: ShippedFile[] }) | null;   // path and hash of the model's own file, bytes of all

  original_metrics: Metrics | null;    // of the float model, as measured beside this candidate
  quantized_metrics: Metrics | null;
  accuracy_retention: Figure | null;   // quantized over original accuracy, so that 1 is "nothing lost", ratio
                                       // (for a metric where lower is better: original over quantized);
                                       // where labels say nothing, agreement or fidelity
  speedup_factor: Figure | null;       // original time over quantized time; above 1 is faster
  memory_reduction: Figure | null;     // 1 - quantized over original peak memory; fraction, negative if it grew

  latency: {
    ratio: Figure;                     // quantized time over original time, run in turn, over all visits; below 1 is faster
    verdict: Verdict;
    original: Latency;
    quantized: Latency;
    timed_with: string[];              // candidates of the same structure, which share these times
  } | null;
  accuracy: {
    metrics: MetricComparison[];       // by labels; empty without them
    mcnemar: McNemar | null;
    agreement: Figure;                 // of the output that is compared worst, fraction
    sqnr: Figure;                      // of the output that is compared worst, decibel
    outputs: OutputComparison[];
    decided_by: string | null;         // what accuracy_retention is of: first metric's name, agreement or fidelity
    decided_on: string | null;         // the output that decided; null for a metric of the user's own
  } | null;
  achieved: Achieved | null;

  float_nodes: { node: string; op: string; reason: string }[];   // nodes kept in float
  layers_quantized: number | null;
  layers_total: number | null;         // nodes that have weights or could be quantized
  seconds: { calibrate: number | null; quantize: number | null; evaluate: number | null; latency: number | null };
}

export interface Constraints {
  accuracy_threshold: number;          // least accuracy_retention
  least_gain: number;                  // least gain in time or size; 0.05 is 5 %
  max_latency_ratio: number | null;    // highest latency.ratio
  max_size: number | null;             // bytes
}

/** The float model timed against itself: what this run can tell apart. */
export interface Control {
  ratio: Figure;
  verdict: Verdict;                    // anything but "same" means: the machine was too noisy
  smallest_effect: number | null;      // smallest change of latency that may be claimed; 0.02 is 2 %
  disturbance: string | null;          // how busy others kept the machine; null when they were hardly in the way
}

export interface Model {
  name: string;
  path: string;
  bytes: number;
  sha256: string;
  runtime: string;                     // in which it was measured; all candidates are compared with it there
  opset: number;
  nodes: number;
  parameters: number;
  architecture_type: "transformer" | "cnn" | "rnn" | "mlp" | "mixed" | "other";
  quantization_compatibility: Record<string, boolean>;   // by method group
  recommended_methods: string[];
  notes: string[];                     // what was done to it before anything else; whole sentences
}

export interface Dataset {
  name: string;
  path: string;
  task: string;
  metric: string | null;               // what accuracy is: the labels' first metric; without labels agreement or fidelity
  calibration_samples: number;
  evaluation_samples: number;
  doubts: string[];                    // why the labels say nothing of this model, and what fits it better
  guessed: string[];                   // what the user did not say; whole sentences
}

export interface ModelReport {
  model: Model;
  dataset: Dataset;
  original_metrics: Metrics | null;    // of the float model; null with --no-baseline
  control: Control | null;
  candidates: Candidate[];
  pareto: string[];                    // names that no other candidate beats in accuracy, latency and size at once
  recommended: {
    candidate: string | null;          // null: ship the float model
    sentence: string;
    runners_up: { candidate: string; sentence: string }[];
  };
}

export interface Environment {
  cpu: string;
  flags: string[];                     // those that decide which kernels run: avx2, avx512_vnni, ...
  cores: number;
  memory_bytes: number;
  kernel: string;
  bitwright: string;
  runtimes: Record<string, string>;    // name -> version
  threads: number;
  seed: number;
}

export interface Report {
  version: 1;
  generator: { name: string; version: string };
  created: string;                     // RFC 3339, UTC
  command: string;                     // the command line of this run
  environment: Environment;
  constraints: Constraints;
  models: ModelReport[];               // one or many, in the order of the command line
}

export class ReportError extends Error {}

/** Reads the text of a report.json; an error says what is wrong in words for the user. */
export function parseReport(text: string): Report {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new ReportError(`The report's data cannot be read: ${(error as Error).message}`);
  }
  if (data === null) throw new ReportError("This page holds no report yet. `bitwright bench` writes one into it.");
  const report = data as Partial<Report>;
  if (report.version !== 1)
    throw new ReportError(`This page reads report.json version 1, but the data says version ${String(report.version)}.`);
  if (!Array.isArray(report.models)) throw new ReportError("The report's data has no list of models.");
  return report as Report;
}
