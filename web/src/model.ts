// One model's part of the report: what to ship, the plot, the candidates, the chosen candidate.
import { type Child, h } from "./dom";
import { asFraction } from "./axes";
import { candidateHead, comparison, detail } from "./detail";
import { countText, figureLine, figureText, percentText } from "./format";
import type { MethodMark } from "./method";
import { plot } from "./plot";
import type { Candidate, Constraints, ModelReport } from "./report";
import { Selection } from "./selection";
import { table } from "./table";
import { badge, SPEED } from "./verdict";

export function modelSection(model: ModelReport, constraints: Constraints, methods: Map<string, MethodMark>, id: string, open: boolean): HTMLElement {
  const first = model.recommended.candidate ?? model.candidates[0]?.name ?? null;
  const selection = new Selection(first);
  return h("details", { class: "model", id, open },
    h("summary", {}, h("h2", {}, model.model.name), h("p", { class: "in-short" }, inShort(model))),
    answer(model, selection),
    busy(model),
    doubts(model),
    h("div", { class: "trade-off" },
      h("section", { class: "card", "aria-label": `Trade-offs of ${model.model.name}` }, h("h3", {}, "Accuracy against cost"), plot(model, constraints, methods, selection)),
      chosen(model, selection, (candidate) => [comparison(candidate), h("p", {}, h("a", { href: `#${id}-detail` }, "All figures of this candidate"))], "Against float")),
    h("section", { class: "card", "aria-label": `Candidates of ${model.model.name}` }, h("h3", {}, `${countText(model.candidates.length)} candidates`),
      table(model, constraints, methods, selection)),
    chosen(model, selection, (candidate) => h("div", { class: "detail" }, detail(candidate, model)), "All figures of", `${id}-detail`),
    control(model));
}

export const findCandidate = (model: ModelReport, name: string | null) => model.candidates.find((c) => c.name === name) ?? null;

/** The answer in one line, for a model that is folded. */
function inShort(model: ModelReport): Child {
  const candidate = findCandidate(model, model.recommended.candidate);
  if (!candidate?.quantized_metrics) return model.recommended.sentence;
  return ["Ship ", h("b", {}, candidate.name), ": ", keyFigures(candidate).map(([value, title]) => `${value} ${title}`).join(" · ")];
}

/** What to ship and why, in the words of the report, with the three figures that decide. */
function answer(model: ModelReport, selection: Selection): HTMLElement {
  const { recommended } = model;
  const candidate = findCandidate(model, recommended.candidate);
  return h("header", { class: "answer" },
    h("div", { class: "words" },
      h("p", { class: "facts" }, factsOf(model)),
      h("p", { class: "sentence" }, recommended.sentence),
      recommended.runners_up.length > 0 && h("div", { class: "runners" }, h("h3", {}, "Runners-up"),
        h("ul", {}, recommended.runners_up.map((runner) => h("li", {},
          h("button", { type: "button", class: "name", onclick: () => selection.select(runner.candidate) }, runner.candidate), " ", runner.sentence))))),
    candidate?.quantized_metrics && h("dl", { class: "key-figures" }, keyFigures(candidate).map(([value, title, interval]) =>
      h("div", {}, h("dt", {}, title), h("dd", {}, value, h("small", {}, interval))))));
}

/** What must be known before the figures are believed. */
function busy({ control: aa }: ModelReport): Child {
  return aa?.disturbance && h("section", { class: "card notice busy" }, h("h3", {}, "The machine was busy"),
    h("p", {}, `While speed was measured, ${aa.disturbance}.`));
}

function doubts({ dataset }: ModelReport): Child {
  return dataset.doubts.length > 0 && h("section", { class: "card notice doubts" }, h("h3", {}, "The labels say nothing of this model"),
    h("ul", { class: "notes" }, dataset.doubts.map((says) => h("li", {}, says))));
}

function keyFigures(candidate: Candidate): [string, string, string][] {
  const speed = candidate.speedup_factor && figureText(candidate.speedup_factor);
  const kept = asFraction(candidate.accuracy_retention);
  const keptText = kept && figureText(kept);
  const size = candidate.quantized_metrics!.compression_ratio.value;
  return [
    [speed?.value ?? "–", "the speed of float", speed?.interval ?? "not measured"],
    [keptText?.value ?? "–", "of the accuracy kept", keptText?.interval ?? "not measured"],
    [size === null ? "–" : percentText(size), "of the size", figureLine(candidate.quantized_metrics!.model_size)],
  ];
}

function factsOf({ model, dataset }: ModelReport): string {
  return `${model.architecture_type}, ${countText(model.parameters)} parameters · ${dataset.name}, ` +
    `${countText(dataset.evaluation_samples)} samples measured, ${countText(dataset.calibration_samples)} calibrated`;
}

/** A card that always shows the chosen candidate. */
function chosen(model: ModelReport, selection: Selection, content: (candidate: Candidate) => Child, title: string, id?: string): HTMLElement {
  const head = h("header", { "aria-live": id ? null : "polite" });
  const body = h("div");
  selection.follow((name) => {
    const candidate = findCandidate(model, name);
    head.replaceChildren(h("h3", {}, h("small", {}, title), candidate?.name ?? "no candidate"));
    body.replaceChildren();
    if (!candidate) return;
    head.append(h("div", { class: "badges" }, candidateHead(candidate)), candidate.reason ? h("p", { class: "reason" }, candidate.reason) : "");
    body.append(h("div", {}, content(candidate)));
  });
  return h("section", { class: "card chosen-card", id, "aria-label": `${title}: ${model.model.name}` }, head, body);
}

/** What the run can tell apart, from timing the float model against itself. */
function control({ control: aa, dataset, model }: ModelReport): HTMLElement {
  const sentences = (title: string, list: string[]) => list.length > 0 &&
    h("div", {}, h("h4", {}, title), h("ul", { class: "notes" }, list.map((says) => h("li", {}, says))));
  const guessed = [sentences("What was done to the model first", model.notes),
    sentences("What was guessed about the data", dataset.guessed)];
  if (!aa) return h("section", { class: "card control" }, h("h3", {}, "How small a difference counts"),
    h("p", {}, "No A/A control was run, so this report cannot say how small a change of speed it could tell from noise."), guessed);
  return h("section", { class: "card control" }, h("h3", {}, "How small a difference counts"),
    h("p", {}, aa.smallest_effect === null
      ? "The float model timed against itself was too noisy to say what change of speed could be claimed."
      : [h("b", {}, `${percentText(aa.smallest_effect, 1)}`), " is the smallest change of speed that this run can claim. Smaller ones are noise here."]),
    h("p", {}, "A/A control: the float model timed against itself, in every comparison, took ", h("b", {}, figureLine(aa.ratio)), " of its own time. ",
      badge(SPEED, aa.verdict), aa.verdict === "same" ? null : h("strong", {}, " The machine was not quiet: judge all speeds of this model with care.")),
    guessed);
}
