// The whole page around the models: title, overview of several models, environment, look.
import { asFraction } from "./axes";
import { type Child, h, svg } from "./dom";
import { copyable } from "./detail";
import { figuresTable } from "./figures";
import { bytesText, figureLine, figureText, percentText } from "./format";
import { methodMarks } from "./method";
import { findCandidate, modelSection } from "./model";
import type { Constraints, Environment, ModelReport, Report } from "./report";
import { themeButton } from "./theme";

export function page(report: Report, json: string): HTMLElement {
  const methods = methodMarks(report.models);
  return h("div", { id: "page" },
    svg("svg", { class: "defs", width: 0, height: 0, "aria-hidden": "true" }, hatch()),
    h("header", { class: "top" }, h("p", { class: "brand" }, "bitwright"), h("p", {}, "report of ", h("time", { datetime: report.created }, report.created.replace("T", " ").replace("Z", " UTC"))),
      h("nav", { "aria-label": "Page" }, downloadLink(json), themeButton())),
    h("main", {},
      h("h1", {}, report.models.length === 1 ? "Which version to ship" : `Which versions to ship: ${report.models.length} models`),
      h("p", { class: "asked" }, askedFor(report.constraints)),
      report.models.length > 1 && overview(report.models),
      report.models.map((model, i) => modelSection(model, report.constraints, methods, `model-${i + 1}`, i === 0)),
      environment(report)));
}

export function failure(says: string): HTMLElement {
  return h("div", { id: "page" }, h("main", { class: "failure" }, h("h1", {}, "No report to show"), h("p", {}, says)));
}

/** Pattern of the areas that constraints rule out. */
function hatch(): SVGElement {
  return svg("defs", {}, svg("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("line", { x1: 0, x2: 0, y1: 0, y2: 7 })));
}

function askedFor({ accuracy_threshold, least_gain, max_latency_ratio, max_size }: Constraints): string {
  const asked = [
    `at least ${percentText(accuracy_threshold)} of the float model's accuracy`,
    `a gain of ${percentText(least_gain)} in time or size`,
    max_latency_ratio !== null && `at most ${max_latency_ratio} times its time`,
    max_size !== null && `at most ${bytesText(max_size)}`,
  ];
  return `Asked for: ${asked.filter(Boolean).join(", ")}.`;
}

function overview(models: ModelReport[]): HTMLElement {
  const text = (figure: Parameters<typeof figureText>[0] | null | undefined) => (figure && figureText(figure)?.value) ?? "–";
  return h("section", { class: "card overview", "aria-label": "Overview" },
    figuresTable(["Model", "Ship", "Speed", "Accuracy kept", "Size"], models.map((model, i) => {
      const candidate = findCandidate(model, model.recommended.candidate);
      return [h("a", { href: `#model-${i + 1}` }, model.model.name), h("b", {}, candidate?.name ?? "the float model"),
        text(candidate?.speedup_factor), text(asFraction(candidate?.accuracy_retention ?? null)),
        text(candidate?.quantized_metrics?.model_size ?? model.original_metrics?.model_size)];
    })));
}

function environment(report: Report): HTMLElement {
  const e: Environment = report.environment;
  const entries: [string, Child][] = [
    ["Processor", e.cpu],
    ["Kernels may use", e.flags.length > 0 ? e.flags.join(", ") : "nothing beyond the baseline"],
    ["Cores, threads used", `${e.cores}, ${e.threads}`],
    ["Memory", bytesText(e.memory_bytes)],
    ["System", e.kernel],
    ["bitwright", e.bitwright],
    ["Runtimes", Object.entries(e.runtimes).map(([name, version]) => `${name} ${version}`).join(", ")],
    ["Seed", String(e.seed)],
    ["Command", copyable(report.command)],
  ];
  const models = report.models.map(({ model, original_metrics: float }): [string, Child] => [model.name,
    [h("code", {}, model.path), ` opset ${model.opset}, ${model.nodes} nodes`, float && `, peak memory ${figureLine(float.memory_usage)}`, h("br"), h("code", { class: "hash" }, model.sha256)]]);
  return h("section", { class: "card environment", "aria-label": "Environment" }, h("h2", {}, "Measured on"),
    h("dl", {}, [...entries, ...models].map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("h3", {}, "How to read the figures"),
    h("ul", { class: "notes" }, [
      "Intervals are 95 % intervals. A speed is called faster or slower only if its interval excludes equal speed; else it is the same if the interval is narrow, or inconclusive.",
      "Candidate and float model ran in turns on the same samples, two sessions of each in every process, in several processes spread over the run. Runs that had to wait for a processor do not count.",
      "Accuracy kept is the candidate's accuracy as a share of the float model's. Size counts all files that must be shipped. Peak memory is that of the process that ran the model.",
    ].map((says) => h("li", {}, says))));
}

function downloadLink(json: string): HTMLElement {
  return h("button", { type: "button", onclick: () => {
    const url = URL.createObjectURL(new Blob([json], { type: "application/json" }));
    h("a", { href: url, download: "report.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  } }, "report.json");
}
