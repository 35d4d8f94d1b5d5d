import { expect, test } from "vitest";
import { costAxes, qualityAxes } from "../src/axes";
import { placeLabel, scatter } from "../src/scatter";
import { bare, sample } from "./edge";

const report = sample();
const [resnet, transformer] = report.models as [typeof report.models[0], typeof report.models[0]];
const axes = (model = resnet) => [costAxes(model, report.constraints)[0]!, qualityAxes(model, report.constraints)[0]!] as const;

test("float and every measured candidate are placed, the others are absent", () => {
  const data = scatter(resnet, ...axes(), false);
  expect(data.marks.map((mark) => mark.name)).toContain("float");
  expect(data.marks).toHaveLength(8);
  expect(data.absent.map((candidate) => candidate.name)).toEqual(["int8-static-s8s8", "bf16"]);
});

test("the close range leaves out what is no option, the whole range holds it and the limit", () => {
  const [x, y] = axes(transformer);
  const close = scatter(transformer, x, y, false).domain.y;
  const whole = scatter(transformer, x, y, true).domain.y;
  expect(close[0]).toBeGreaterThan(0.7);
  expect(whole[0]).toBeLessThan(0.696);
  expect(whole[0]).toBeLessThan(report.constraints.accuracy_threshold);
});

test("the front is the report's, whatever the axes", () => {
  const front = (model: typeof resnet) => scatter(model, ...axes(model), false).marks.filter((mark) => mark.onFront).map((mark) => mark.name);
  expect(front(resnet).sort()).toEqual([...resnet.pareto].sort());
  expect(front({ ...resnet, pareto: [] })).toEqual([]);
});

test("limits follow the axis: as speed, as time, as accuracy", () => {
  const constraints = { accuracy_threshold: 0.9, least_gain: 0.05, max_latency_ratio: 0.5, max_size: 1e6 };
  const limits = Object.fromEntries([...costAxes(resnet, constraints), ...qualityAxes(resnet, constraints)].map((axis) => [axis.key, axis.limit?.value]));
  expect(limits.speed).toBe(2);
  expect(limits.latency).toBeCloseTo(0.001932 / 2);
  expect(limits.size).toBe(1e6);
  expect(limits.accuracy).toBeCloseTo(0.9217 * 0.9);
  expect(limits.retention).toBe(0.9);
});

test("without labels the axes that nobody has a figure for are not offered", () => {
  const keys = qualityAxes(bare().models[0]!, report.constraints).map((axis) => axis.key);
  expect(keys).not.toContain("retention");
  expect(keys).toContain("agreement");
});

test("labels stay inside the frame and off what is taken", () => {
  const frame = { left: 0, top: 0, right: 200, bottom: 100 };
  expect(placeLabel(195, 50, 60, 15, frame, [])!.right).toBeLessThan(195);
  expect(placeLabel(100, 50, 60, 15, frame, [{ left: 100, top: 0, right: 200, bottom: 100 }])!.right).toBeLessThan(100);
  expect(placeLabel(100, 50, 60, 15, frame, [frame])).toBeNull();
});
