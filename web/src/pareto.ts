// Which points no other point beats, and which candidates meet what the user asked for.
import type { Axis } from "./axes";
import type { Candidate, Constraints } from "./report";

export interface Point { x: number; y: number }
type Better = Pick<Axis, "better">;

const gain = (axis: Better, value: number) => (axis.better === "higher" ? value : -value);

/** Points that no other beats: none is at least as good on both axes and better on one. Best x first; equals all stay. */
export function paretoFront<P extends Point>(points: P[], x: Better, y: Better): P[] {
  const beats = (a: Point, b: Point) => {
    const dx = gain(x, a.x) - gain(x, b.x);
    const dy = gain(y, a.y) - gain(y, b.y);
    return dx >= 0 && dy >= 0 && (dx > 0 || dy > 0);
  };
  return points
    .filter((point) => !points.some((other) => beats(other, point)))
    .sort((a, b) => gain(x, b.x) - gain(x, a.x) || gain(y, b.y) - gain(y, a.y));
}

/** Constraints that the measured candidate misses, in words; empty if it meets all. */
export function missedConstraints(candidate: Candidate, constraints: Constraints): string[] {
  const { accuracy_threshold, max_latency_ratio, max_size } = constraints;
  const above = (value: number | null | undefined, limit: number | null) => value != null && limit !== null && value > limit;
  const retention = candidate.accuracy_retention?.value;
  return [
    retention != null && retention < accuracy_threshold && "accuracy",
    above(candidate.latency?.ratio.value, max_latency_ratio) && "latency",
    above(candidate.quantized_metrics?.model_size.value, max_size) && "size",
  ].filter((missed): missed is string => Boolean(missed));
}
