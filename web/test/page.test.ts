// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { injectReport, PLACEHOLDER, sealPage } from "../build/seal";
import { page } from "../src/page";
import { parseReport } from "../src/report";
import { sortCandidates, standing } from "../src/table";
import { bare, crowded, empty, HOSTILE, hostile, sample, sampleText } from "./edge";

vi.stubGlobal("ResizeObserver", class { constructor(private draw: () => void) {} observe() { this.draw(); } });
vi.stubGlobal("requestAnimationFrame", (draw: () => void) => draw());
Object.defineProperty(HTMLElement.prototype, "clientWidth", { value: 800 });

beforeEach(() => document.body.replaceChildren());

const show = (report: object) => {
  const text = JSON.stringify(report);
  document.body.append(page(parseReport(text), text));
  return document.body;
};

test("the sample shows its answer, all candidates and what was not measured", () => {
  const body = show(sample());
  expect(body.querySelector(".sentence")!.textContent).toMatch(/^Ship cle-int8-static-mse-bc/);
  expect(body.querySelectorAll("tbody:not(.reference) > tr.ok")).not.toHaveLength(0);
  expect(body.querySelectorAll(".point[data-name]")).toHaveLength(15);
  for (const word of ["inconclusive", "refused", "worker died", "timed out", "not better", "not measured"]) expect(body.textContent).toContain(word);
  expect(body.textContent).not.toMatch(/undefined|NaN|\[object/);
});

test("choosing a candidate in the plot or the table shows it everywhere", () => {
  const body = show(sample());
  body.querySelector<SVGElement>('.point[data-name="fp16"]')!.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  expect(body.querySelector("tr.chosen button.name")!.textContent).toBe("fp16");
  expect(body.querySelector("#model-1-detail h3")!.textContent).toContain("fp16");
  expect(body.querySelector("#model-1-detail")!.textContent).toContain("14 of 269,722 weights");
  [...body.querySelectorAll<HTMLElement>("button.name")].find((button) => button.textContent === "bf16")!.click();
  expect(body.querySelector("#model-1-detail h3")!.textContent).toContain("bf16");
  expect(body.querySelector("#model-1 .point.chosen")).toBeNull();
});

test("names are shown as they are written, whatever they hold", () => {
  const body = show(hostile());
  expect(body.querySelector("script, img")).toBeNull();
  expect(body.textContent).toContain(HOSTILE);
});

test.each([["bare", bare], ["empty", empty], ["crowded", crowded]])("a %s report is shown", (_, make) => {
  const body = show(make());
  expect(body.querySelector(".sentence")!.textContent).toBe(make().models[0]!.recommended.sentence);
  expect(body.textContent).not.toMatch(/undefined|NaN|\[object/);
});

test("what is no report is refused in words", () => {
  expect(() => parseReport("null")).toThrow("holds no report yet");
  expect(() => parseReport('{"version": 2}')).toThrow("version 2");
  expect(() => parseReport('{"version": 1}')).toThrow("no list of models");
  expect(() => parseReport("{")).toThrow("cannot be read");
});

test("a report inside the page cannot end its script element and comes back whole", () => {
  const text = JSON.stringify(hostile());
  const injected = injectReport(`<p>${PLACEHOLDER}</p>`, text);
  expect(injected.match(/<\/script>/g)).toHaveLength(1);
  const inside = injected.slice(injected.indexOf("report-data") + 13, injected.indexOf("</script>"));
  expect(JSON.parse(inside)).toEqual(hostile());
  expect(injectReport(PLACEHOLDER, '"$&"')).toContain('"$&"');
});

test("a sealed page forbids the network and needs its placeholder", () => {
  const bare = `<meta charset="utf-8">${PLACEHOLDER}<style>p{}</style><script type="module">1</script>`;
  expect(sealPage(bare)).toMatch(/content="default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-/);
  expect(() => sealPage(bare.replace(PLACEHOLDER, ""))).toThrow("placeholder");
});

test("sorting keeps what has no value last, and the standing puts the recommendation first", () => {
  const values = [{ v: 2 }, { v: null }, { v: 1 }];
  expect(sortCandidates(values, (c) => c.v, "ascending").map((c) => c.v)).toEqual([1, 2, null]);
  expect(sortCandidates(values, (c) => c.v, "descending").map((c) => c.v)).toEqual([2, 1, null]);
  const model = parseReport(sampleText).models[0]!;
  const names = sortCandidates(model.candidates, (c) => standing(c, model), "ascending").map((c) => c.name);
  expect(names.slice(0, 3)).toEqual(["cle-int8-static-mse-bc", "int8-static-mse", "int8-static-entropy-head-float"]);
  expect(names.slice(-2)).toEqual(["bf16", "int8-static-s8s8"]);
});
