// Method groups as marks: each has a shape and a colour of its own, so that colour alone never carries the meaning.
import type { ModelReport } from "./report";

export interface MethodMark { group: string; title: string; path: string; slot: number }

/** Outlines around the origin with an area near that of a circle of radius 1. */
const SHAPES = [
  "M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z",
  "M-.88,-.88H.88V.88H-.88Z",
  "M0,-1.22L1.12,.78H-1.12Z",
  "M0,-1.28L1.28,0L0,1.28L-1.28,0Z",
  "M0,1.22L1.12,-.78H-1.12Z",
  "M-.6,-1.1H.6L1.15,0L.6,1.1H-.6L-1.15,0Z",
  "M-.4,-1.15H.4V-.4H1.15V.4H.4V1.15H-.4V.4H-1.15V-.4H-.4Z",
];

const TITLES: Record<string, string> = {
  ptq_8bit: "8-bit static",
  ptq_4bit: "4-bit",
  dynamic: "8-bit dynamic",
  mixed_precision: "mixed precision",
  half: "16-bit float",
  weight_only: "8-bit weights",
  qat: "trained (QAT)",
};

/** Marks of the groups that occur, known groups always with the same shape and colour. */
export function methodMarks(models: ModelReport[]): Map<string, MethodMark> {
  const known = Object.keys(TITLES);
  const found = new Set(models.flatMap((model) => model.candidates.map((candidate) => candidate.method)));
  const order = [...known, ...[...found].filter((group) => !known.includes(group)).sort()];
  return new Map(order.filter((group) => found.has(group)).map((group) => {
    const slot = order.indexOf(group) % SHAPES.length;
    return [group, { group, title: Object.hasOwn(TITLES, group) ? TITLES[group]! : group, path: SHAPES[slot]!, slot }];
  }));
}
