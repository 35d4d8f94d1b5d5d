import { expect, test } from "vitest";
import { bytesText, differenceText, exactly, figureLine, figureText, percentText, probabilityText, shortened, tickFormat } from "../src/format";
import type { Figure, Unit } from "../src/report";

const figure = (value: number | null, low: number | null, high: number | null, unit: Unit): Figure =>
  ({ value, low, high, n: 400, unit, reason: value === null ? "no kernel" : null });

test("decimals follow the interval's width", () => {
  expect(figureText(figure(0.9211, 0.9158, 0.9264, "fraction"))).toEqual({ value: "92.1 %", interval: "91.6 to 92.6" });
  expect(figureText(figure(0.996, 0.985, 1.007, "fraction"))?.value).toBe("99.6 %");
  expect(figureText(figure(2.2676, 2.227, 2.3095, "ratio"))).toEqual({ value: "2.27×", interval: "2.23 to 2.31" });
  expect(figureText(figure(50, 10, 90, "score"))?.value).toBe("50");
});

test("value and interval share one scale", () => {
  expect(figureText(figure(0.00193, 0.00089, 0.00297, "seconds"))).toEqual({ value: "1.9 ms", interval: "0.9 to 3.0" });
  expect(bytesText(301220)).toBe("301 kB");
  expect(bytesText(0)).toBe("0 B");
  expect(figureText(figure(1.1e6, null, null, "bytes"))).toEqual({ value: "1.10 MB", interval: null });
});

test("a stated limit carries no zeros", () => {
  expect(bytesText(6e6)).toBe("6 MB");
  expect(figureLine(exactly(0.95, "fraction"))).toBe("95 %");
});

test("what was not measured says why", () => {
  expect(figureText(figure(null, null, null, "bytes"))).toBeNull();
  expect(figureLine(figure(null, null, null, "bytes"))).toBe("not measured: no kernel");
  expect(figureLine(null)).toBe("not measured");
});

test("differences have a sign, fractions become points, and there is no -0", () => {
  expect(differenceText(figure(-0.0006, -0.0041, 0.0029, "fraction"))).toEqual({ value: "−0.06 points", interval: "−0.41 to 0.29" });
  expect(differenceText(figure(0.012, 0.008, 0.016, "fraction"))?.value).toBe("+1.20 points");
  expect(differenceText(figure(-0.000001, -0.004, 0.004, "fraction"))?.value).toBe("0.00 points");
});

test("shares and probabilities", () => {
  expect(percentText(0.274)).toBe("27 %");
  expect(percentText(0.011, 1)).toBe("1.1 %");
  expect(probabilityText(0.00001)).toBe("p < 0.001");
  expect(probabilityText(0.599)).toBe("p = 0.60");
});

test("what is too long loses its middle", () => {
  expect(shortened("int8-static-observer-mse", 30)).toBe("int8-static-observer-mse");
  expect(shortened("int8-static-observer-mse", 11)).toBe("int8-…r-mse");
});

test("ticks of an axis tell neighbours apart", () => {
  expect([0.992, 0.994, 1].map(tickFormat("fraction", [0.992, 0.994, 1]))).toEqual(["99.2 %", "99.4 %", "100.0 %"]);
  expect([0.002, 0.004].map(tickFormat("seconds", [0.002, 0.004]))).toEqual(["2 ms", "4 ms"]);
});
