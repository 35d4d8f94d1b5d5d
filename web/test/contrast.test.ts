// Colours of text on their grounds, by WCAG 2's formula.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const theme = readFileSync(new URL("../src/theme.css", import.meta.url), "utf8");

const linear = (channel: number) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const colours = new Map([...theme.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [name!, { light: light!, dark: dark! }]));

const TEXT: Record<string, string[]> = {
  ink: ["ground", "surface", "raised", "faint", "accent-ground", "plain-ground", "unsure-ground"],
  muted: ["ground", "surface", "raised", "accent-ground"],
  accent: ["ground", "surface", "raised", "accent-ground"],
  "accent-ink": ["accent"],
  good: ["good-ground", "surface"],
  bad: ["bad-ground", "surface", "accent-ground"],
  unsure: ["unsure-ground", "surface"],
};
const MARKS = ["method-0", "method-1", "method-2", "method-3", "method-4", "method-5", "method-6", "accent", "muted", "bad"];

test.each(["light", "dark"] as const)("in the %s look text reaches 4.5 : 1 and marks 3 : 1", (look) => {
  const between = (a: string, b: string) => contrast(colours.get(a)![look], colours.get(b)![look]);
  const low = (pairs: [string, string][], least: number) => pairs.filter(([a, b]) => between(a, b) < least).map(([a, b]) => `${a} on ${b}: ${between(a, b).toFixed(2)}`);
  expect(low(Object.entries(TEXT).flatMap(([text, grounds]) => grounds.map((ground): [string, string] => [text, ground])), 4.5)).toEqual([]);
  expect(low(MARKS.map((mark): [string, string] => [mark, "surface"]), 3)).toEqual([]);
});
