// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { explanationIn } from "../src/explanation";
import { explanationPage } from "../src/explanation_page";
import { explanation, HOSTILE, hostileExplanation, sampleText } from "./edge";

vi.stubGlobal("ResizeObserver", class { constructor(private draw: () => void) {} observe() { this.draw(); } });
vi.stubGlobal("requestAnimationFrame", (draw: () => void) => draw());
Object.defineProperty(HTMLElement.prototype, "clientWidth", { value: 800 });

beforeEach(() => document.body.replaceChildren());

const show = (data: object) => {
  document.body.append(explanationPage(explanationIn(JSON.stringify(data))!));
  return document.body;
};

test("the most damaged layer is shown with its cause, its recipe and both surroundings", () => {
  const body = show(explanation());
  const worst = explanation().layers[0]!;
  const card = body.querySelector('[aria-label="The chosen layer"]')!;
  expect(card.querySelector("h3")!.textContent).toContain(worst.node);
  expect(card.textContent).toContain(worst.remedy!.cause);
  expect(card.querySelector(".copyable code")!.textContent).toContain(`--recipe '${worst.remedy!.recipe}'`);
  expect(card.querySelectorAll(".surroundings")).toHaveLength(2);
  expect(card.querySelectorAll(".surroundings .own")).toHaveLength(worst.before.nodes.filter(({ own }) => own).length + worst.after.nodes.filter(({ own }) => own).length);
  expect(body.textContent).not.toMatch(/undefined|NaN|\[object/);
});

test("layers stand in the order of the network, a bar for each in each chart", () => {
  const body = show(explanation());
  const charts = [...body.querySelectorAll(".layers > svg")];
  expect(charts).toHaveLength(2);
  const order = [...explanation().layers].sort((a, b) => a.position - b.position).map(({ node }) => node);
  for (const chart of charts) expect([...chart.querySelectorAll<SVGElement>(".layer")].map((layer) => layer.dataset.node)).toEqual(order);
});

test("a lower ratio of signal to error is a higher bar", () => {
  const height = (node: string) => Number(document.body.querySelector(`.layer[data-node="${node}"] .bar-alone`)!.getAttribute("height"));
  show(explanation());
  const [worst, second] = explanation().layers;
  expect(height(worst!.node)).toBeGreaterThan(height(second!.node));
});

test("a layer that is chosen is shown, and one that is pointed at tells its figures", () => {
  const body = show(explanation());
  const other = explanation().layers[2]!;
  const bar = body.querySelector<SVGElement>(`.layer[data-node="${other.node}"]`)!;
  bar.dispatchEvent(new MouseEvent("pointerenter"));
  expect(body.querySelector<HTMLElement>(".tip")!.hidden).toBe(false);
  expect(body.querySelector(".tip")!.textContent).toContain(`${other.isolated!.sqnr!.toFixed(1)} dB`);
  bar.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  expect(body.querySelector('[aria-label="The chosen layer"] h3')!.textContent).toContain(other.node);
  expect(body.querySelectorAll(".layer.chosen")).toHaveLength(2);
});

test("names are shown as they are written, and an explanation without layers or times is one too", () => {
  expect(show(hostileExplanation()).querySelector("script, img")).toBeNull();
  expect(document.body.textContent).toContain(HOSTILE);
  document.body.replaceChildren();
  expect(show({ ...explanation(), layers: [], time: null, outputs: [] }).textContent).toContain("No layer computes on codes");
});

test("a report is no explanation, and another version is refused", () => {
  expect(explanationIn(sampleText)).toBeNull();
  expect(explanationIn("null")).toBeNull();
  expect(() => explanationIn(JSON.stringify({ ...explanation(), version: 2 }))).toThrow(/version 1/);
});
