// What a plot can show on its axes: one entry says where the figure is, which way is better, and where a constraint cuts.
import { exactly, figureLine } from "./format";
import type { Candidate, Constraints, Figure, ModelReport, Unit } from "./report";

export interface Limit { value: number; says: string }

export interface Axis {
  key: string;
  title: string;
  unit: Unit;
  better: "higher" | "lower";
  betterWord: string;
  of(candidate: Candidate): Figure | null;
  original: Figure | null;                 // the float model's own place
  limit: Limit | null;
}

/** Those on which some candidate has a place. */
const used = (axes: Axis[], model: ModelReport) => axes.filter((axis) => model.candidates.some((c) => axis.of(c)?.value != null));

export function costAxes(model: ModelReport, constraints: Constraints): Axis[] {
  const float = model.original_metrics;
  const ratio = constraints.max_latency_ratio;
  const time = float?.inference_time.value ?? null;
  const limit = (value: number | null, unit: Unit, sign: string): Limit | null =>
    value === null ? null : { value, says: `${sign} ${figureLine(exactly(value, unit))}` };
  return used([
    { key: "speed", title: "Speed against float", unit: "ratio", better: "higher", betterWord: "faster",
      of: (c) => c.speedup_factor, original: float && exactly(1, "ratio"), limit: limit(ratio && 1 / ratio, "ratio", "speed ≥") },
    { key: "latency", title: "Time of one inference", unit: "seconds", better: "lower", betterWord: "faster",
      of: (c) => c.quantized_metrics?.inference_time ?? null, original: float?.inference_time ?? null,
      limit: limit(ratio !== null && time !== null ? ratio * time : null, "seconds", "time ≤") },
    { key: "size", title: "Size", unit: "bytes", better: "lower", betterWord: "smaller",
      of: (c) => c.quantized_metrics?.model_size ?? null, original: float?.model_size ?? null,
      limit: limit(constraints.max_size, "bytes", "size ≤") },
    { key: "memory", title: "Peak memory", unit: "bytes", better: "lower", betterWord: "less",
      of: (c) => c.quantized_metrics?.memory_usage ?? null, original: float?.memory_usage ?? null, limit: null },
  ], model);
}

export function qualityAxes(model: ModelReport, constraints: Constraints): Axis[] {
  const float = model.original_metrics;
  const better = model.candidates.find((c) => c.accuracy?.metrics[0])?.accuracy?.metrics[0]?.direction ?? "higher";
  const threshold = constraints.accuracy_threshold;
  const accuracy = float?.accuracy.value ?? null;
  const least = accuracy === null ? null : better === "higher" ? accuracy * threshold : accuracy / threshold;
  const unit = float?.accuracy.unit ?? "score";
  const sign = better === "higher" ? "≥" : "≤";
  return used([
    { key: "retention", title: "Accuracy kept", unit: "fraction", better: "higher", betterWord: "better",
      of: (c) => asFraction(c.accuracy_retention), original: float && exactly(1, "fraction"),
      limit: { value: threshold, says: `accuracy kept ≥ ${figureLine(exactly(threshold, "fraction"))}` } },
    { key: "accuracy", title: metricTitle(model), unit, better, betterWord: "better",
      of: (c) => c.quantized_metrics?.accuracy ?? null, original: float?.accuracy ?? null,
      limit: least === null ? null : { value: least, says: `accuracy ${sign} ${figureLine(exactly(least, unit))}` } },
    { key: "agreement", title: "Agreement with float", unit: "fraction", better: "higher", betterWord: "better",
      of: (c) => c.accuracy?.agreement ?? null, original: float && exactly(1, "fraction"), limit: null },
    { key: "sqnr", title: "SQNR of the outputs", unit: "decibel", better: "higher", betterWord: "better",
      of: (c) => c.accuracy?.sqnr ?? null, original: null, limit: null },
  ], model);
}

export function metricTitle({ dataset }: ModelReport): string {
  return dataset.metric && dataset.metric !== "accuracy" ? `Accuracy (${dataset.metric})` : "Accuracy";
}

/** Retention is a ratio, but reads best as "99.9 % kept". */
export function asFraction(figure: Figure | null): Figure | null {
  return figure && { ...figure, unit: "fraction" };
}
