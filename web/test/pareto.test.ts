import { expect, test } from "vitest";
import { missedConstraints, paretoFront } from "../src/pareto";
import { sample } from "./edge";

const higher = { better: "higher" } as const;
const lower = { better: "lower" } as const;

test("the front holds what nothing beats, best x first", () => {
  const [a, b, c, d] = [{ x: 1, y: 9 }, { x: 2, y: 5 }, { x: 2, y: 4 }, { x: 3, y: 1 }];
  expect(paretoFront([a, b, c, d], higher, higher)).toEqual([d, b, a]);
  expect(paretoFront([a, b, c, d], lower, higher)).toEqual([a]);
  expect(paretoFront([a, b, c, d], lower, lower)).toEqual([a, c, d]);
});

test("equal points both stay", () => {
  const twins = [{ x: 1, y: 1 }, { x: 1, y: 1 }];
  expect(paretoFront(twins, higher, higher)).toHaveLength(2);
  expect(paretoFront([], higher, higher)).toEqual([]);
});

test("missed constraints are named; on the limit is met", () => {
  const candidate = sample().models[0]!.candidates[0]!;
  const { latency, accuracy_retention, quantized_metrics } = candidate;
  const at = { accuracy_threshold: accuracy_retention!.value!, least_gain: 0.05, max_latency_ratio: latency!.ratio.value!, max_size: quantized_metrics!.model_size.value! };
  expect(missedConstraints(candidate, at)).toEqual([]);
  expect(missedConstraints(candidate, { accuracy_threshold: 1, least_gain: 0.05, max_latency_ratio: 0.1, max_size: 1 })).toEqual(["accuracy", "latency", "size"]);
  expect(missedConstraints(candidate, { accuracy_threshold: 0, least_gain: 0.05, max_latency_ratio: null, max_size: null })).toEqual([]);
});
