// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { injectReport, PLACEHOLDER, sealPage } from "../build/seal";
import { unfoldOnDemand } from "../src/fold";
import { figureText } from "../src/format";
import { page } from "../src/page";
import { parseReport } from "../src/report";
import { rowsOf, sortedBy, standing } from "../src/table";
import { bare, crowded, empty, HOSTILE, hostile, sample, sampleText, unjudged } from "./edge";

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
  expect(body.querySelectorAll(".point[data-name]")).toHaveLength(18);
  for (const word of ["inconclusive", "refused", "worker died", "timed out", "not better", "not measured"]) expect(body.textContent).toContain(word);
  expect(body.textContent).not.toMatch(/undefined|NaN|\[object/);
});

test("what could not be judged says why once, beneath its bars, and is no axis of the plot", () => {
  const body = show(unjudged());
  const time = [...body.querySelectorAll("#model-1 .pair")].find((pair) => pair.textContent!.startsWith("Time"))!;
  expect([...time.querySelectorAll(".amount")].map((amount) => amount.textContent)).toEqual(["–", "–"]);
  expect(time.querySelectorAll(".empty")).toHaveLength(1);
  expect(time.querySelector(".empty")!.textContent).toMatch(/^not measured: the machine was too busy/);
  const titles = [...body.querySelectorAll("#model-1 option")].map((option) => option.textContent);
  expect(titles).toContain("Size");
  expect(titles).not.toContain("Speed against float");
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

test("the first model is open, the others show their answer in one line until they are asked for", () => {
  const body = show(sample());
  const models = [...body.querySelectorAll<HTMLDetailsElement>("details.model")];
  const open = () => models.map((model) => model.open);
  expect(open()).toEqual([true, false, false]);
  expect(models[1]!.querySelector("summary")!.textContent)
    .toBe("sst2-transformerShip int8-dynamic: 1.78× the speed of float · 99.6 % of the accuracy kept · 29 % of the size");
  unfoldOnDemand();
  dispatchEvent(new Event("beforeprint"));
  expect(open()).toEqual([true, true, true]);
  dispatchEvent(new Event("afterprint"));
  expect(open()).toEqual([true, false, false]);
  body.querySelector<HTMLElement>('.overview a[href="#model-2"]')!.click();
  expect(open()).toEqual([true, true, false]);
});

test("every column has a heading and every plot says how it is read", () => {
  const body = show(sample());
  for (const heading of body.querySelectorAll("thead th")) expect(heading.textContent).not.toBe("");
  expect(body.querySelectorAll("figure.plot > figcaption .legend")).toHaveLength(3);
  for (const caption of body.querySelectorAll(".candidates caption")) expect(caption.textContent).toContain("95 % interval");
});

test("candidates that were refused alike share a row, and each of them can still be chosen", () => {
  const body = show(sample());
  const reason = "onnxruntime-cpu has no 4-bit kernel for Conv";
  const rows = [...body.querySelectorAll("#model-3 tbody tr")].filter((tr) => tr.textContent!.includes(reason));
  expect(rows).toHaveLength(1);
  const names = [...rows[0]!.querySelectorAll<HTMLElement>("button.name")];
  expect(names.map((button) => button.textContent)).toEqual(
    ["32", "32-asymmetric", "128", "128-asymmetric"].map((end) => `weight-only-bits-4-block-${end}`));
  names[2]!.click();
  expect(body.querySelector("#model-3-detail h3")!.textContent).toContain(names[2]!.textContent);
  expect(rows[0]!.classList.contains("chosen")).toBe(true);
  expect(names.map((button) => button.getAttribute("aria-pressed"))).toEqual(["false", "false", "true", "false"]);
});

test("measured candidates have rows of their own, whatever they share", () => {
  const [first] = sample().models[0]!.candidates;
  expect(rowsOf([first!, { ...first!, name: "another" }])).toHaveLength(2);
});

test("the front is the report's", () => {
  const onFront = (body: HTMLElement) => [...body.querySelectorAll("#model-1 tr:has(.badge.front) button.name")].map((button) => button.textContent);
  expect(onFront(show(sample())).sort()).toEqual([...sample().models[0]!.pareto].sort());
  document.body.replaceChildren();
  const none = sample();
  none.models[0]!.pareto = [];
  const body = show(none);
  expect(onFront(body)).toEqual([]);
  expect(body.querySelectorAll("#model-1 .canvas .on-front")).toHaveLength(0);
});

test("the times beside a speed are of the same comparison, and the speed is their quotient", () => {
  const body = show(sample());
  const candidate = sample().models[0]!.candidates.find(({ name }) => name === "int8-dynamic")!;
  const [float, own] = [candidate.original_metrics!, candidate.quantized_metrics!].map((metrics) => metrics.inference_time);
  const row = [...body.querySelectorAll("#model-1 tbody tr")].find((tr) => tr.querySelector("button.name")?.textContent === "int8-dynamic")!;
  expect(row.querySelector(".col-speed")!.textContent).toContain(`${figureText(own!)!.value} against ${figureText(float!)!.value}`);
  expect(figureText(float!)!.value).not.toBe(figureText(sample().models[0]!.original_metrics!.inference_time)!.value);
  expect(float!.value! / own!.value!).toBeCloseTo(candidate.speedup_factor!.value!, 3);
  row.querySelector<HTMLElement>("button.name")!.click();
  const median = [...body.querySelectorAll("#model-1-detail tr")].find((tr) => tr.textContent!.startsWith("Median"))!;
  expect([...median.querySelectorAll("td")].map((td) => td.firstChild!.textContent)).toEqual([figureText(float!)!.value, figureText(own!)!.value]);
});

test("several outputs are shown one by one, with the one that decided and what is no number", () => {
  const body = show(sample());
  const outputs = () => [...body.querySelectorAll("#model-3-detail .outputs tbody tr")].map((tr) => tr.textContent!);
  expect(outputs()).toHaveLength(3);
  expect(outputs()[1]).toMatch(/^scoresdecides what is keptagreement98.1 %/);
  expect(outputs()[0]).toMatch(/^boxes3,311,616 numbersfidelity95.8 %/);
  expect(body.querySelector("#model-1-detail .outputs")).toBeNull();
  [...body.querySelectorAll<HTMLElement>("#model-3 button.name")].find((button) => button.textContent === "fp16")!.click();
  expect(body.querySelector("#model-3-detail")!.textContent).toContain("3 of 35,599,872 numbers of output scores are NaN or infinite where float's are not, in 3 samples");
});

test("doubts about the labels stand before the figures", () => {
  const body = show(sample());
  const doubts = body.querySelector("#model-3 .doubts")!;
  expect(doubts.textContent).toContain("in the order BGR it is right on 71.5 %");
  expect(doubts.compareDocumentPosition(body.querySelector("#model-3 .plot")!) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
  expect(body.querySelectorAll(".doubts")).toHaveLength(1);
});

test("a busy machine is named before the figures", () => {
  const body = show(sample());
  const busy = body.querySelector("#model-1 .busy")!;
  expect(busy.textContent).toContain("While speed was measured, other processes used 0.9 of its 2 processors");
  expect(busy.compareDocumentPosition(body.querySelector("#model-1 .plot")!) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
  expect(body.querySelectorAll(".busy")).toHaveLength(1);
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
  expect(sortedBy(values, (c) => c.v, "ascending").map((c) => c.v)).toEqual([1, 2, null]);
  expect(sortedBy(values, (c) => c.v, "descending").map((c) => c.v)).toEqual([2, 1, null]);
  const model = parseReport(sampleText).models[0]!;
  const names = sortedBy(model.candidates, (c) => standing(c, model), "ascending").map((c) => c.name);
  expect(names.slice(0, 3)).toEqual(["cle-int8-static-mse-bc", "int8-static-mse", "int8-static-entropy-head-float"]);
  expect(names.slice(-2)).toEqual(["bf16", "int8-static-s8s8"]);
});
