// The page of an explanation: what the whole loses, its layers as a chart and a table, and the chosen one in detail.
import { copyable } from "./detail";
import { type Child, h } from "./dom";
import { decibels, shareText, timeText } from "./explained";
import type { Explanation, Layer, Rounded, Weight } from "./explanation";
import { figuresTable } from "./figures";
import { countText } from "./format";
import { layerChart } from "./layers";
import { neighbourhood } from "./neighbourhood";
import { Selection } from "./selection";
import { themeButton } from "./theme";

export function explanationPage(explanation: Explanation): HTMLElement {
  const selection = new Selection(explanation.layers[0]?.node ?? null);
  const chosen = h("section", { class: "card", "aria-label": "The chosen layer", "aria-live": "polite" });
  selection.follow((name) => {
    const layer = explanation.layers.find(({ node }) => node === name);
    chosen.replaceChildren(...(layer ? layerDetail(layer, explanation) : [h("p", { class: "empty" }, "No layer computes on codes.")]));
  });
  return h("div", { id: "page" },
    h("header", { class: "top" }, h("p", { class: "brand" }, "bitwright"), h("p", {}, "explanation"), h("nav", { "aria-label": "Page" }, themeButton())),
    h("main", {},
      h("h1", {}, "Where the quantized model loses"),
      h("p", { class: "asked" }, h("code", {}, explanation.quantized), " against ", h("code", {}, explanation.original), `, on ${countText(explanation.samples)} samples.`),
      summary(explanation),
      explanation.layers.length > 0 && h("section", { class: "card", "aria-label": "Layers" }, h("h3", {}, "Layers"), layerChart(explanation, selection)),
      chosen,
      explanation.layers.length > 0 && h("section", { class: "card", "aria-label": "All layers" }, h("h3", {}, "The most damaged first"), h("div", { class: "tall" }, table(explanation, selection)))));
}

function summary({ outputs, time, layers, unmatched }: Explanation): HTMLElement {
  const saturating = layers.filter(({ weight }) => weight !== null && weight.saturating_pairs > 0).length;
  const inFloat = layers.filter((layer) => layer.time?.in_float);
  return h("section", { class: "card", "aria-label": "In short" }, h("ul", { class: "notes" },
    outputs.map(({ name, likeness }) => h("li", {}, `Output ${name}: ${decibels(likeness)} of signal over error, cosine ${likeness.cosine.toFixed(5)}.`)),
    time?.original.value != null && time.quantized.value != null && h("li", {},
      `A run takes ${timeText(time.quantized)} instead of ${timeText(time.original)} as the runtime's profile has it (${(time.quantized.value / time.original.value).toFixed(2)} of the time); `,
      `conversions between floats and codes: ${time.conversions.value === null ? "none" : timeText(time.conversions)}.`),
    inFloat.map((layer) => h("li", {}, `${layer.node} (${layer.op}) runs in float between codes: ${layer.time!.in_float}.`)),
    saturating > 0 && h("li", {}, `${countText(saturating)} layers can overflow on CPUs without VNNI, which add products of u8 and s8 in pairs of 16 bits; int8-static(reduced_range=yes) cannot.`),
    layers.some(({ weight }) => weight?.rescaled) && h("li", {}, `Rescaled by channel, as equalize and smooth do, so that they are not compared: ${layers.filter(({ weight }) => weight?.rescaled).map(({ node }) => node).join(", ")}.`),
    unmatched.length > 0 && h("li", {}, `Without a counterpart in the float model: ${unmatched.join(", ")}.`)));
}

function layerDetail(layer: Layer, { quantize }: Explanation): HTMLElement[] {
  return [
    h("h3", {}, layer.node, h("small", {}, ` ${layer.op}`)),
    layer.remedy ? h("p", {}, layer.remedy.cause, ":") : h("p", { class: "empty" }, "It is not among the layers that lose most."),
    ...(layer.remedy ? [copyable(`${quantize} --recipe '${layer.remedy.recipe}'`)] : []),
    h("div", { class: "layer-figures" },
      facts("Its output", [
        ["Alone", decibels(layer.isolated)], ["In the network", decibels(layer.accumulated)],
        ...(layer.time ? [["Float model", timeText(layer.time.original)], ["Quantized model", timeText(layer.time.quantized)], ["Ran as", layer.time.kernel || "not shown"]] : []),
        ...(layer.time?.in_float ? [["In float", layer.time.in_float]] : []),
      ]),
      ...(layer.weight ? [weightFacts(layer.weight)] : []),
      ...layer.rounded.map(roundedFacts)),
    h("div", { class: "pictures" }, neighbourhood("Float model", layer.before), neighbourhood("Quantized model", layer.after)),
  ];
}

function facts(title: string, rows: string[][]): HTMLElement {
  return h("div", { class: "block" }, h("h4", {}, title), h("dl", {}, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

const weightFacts = (weight: Weight) => facts("Its weight", [
  ["Bits, scales", `${weight.bits}, ${countText(weight.scales)}`], ["Codes used", shareText(weight.used)], ["Error over power", shareText(weight.noise)],
  ["Largest over root mean square", weight.outlier.toFixed(1)], ["Widest over median channel", weight.spread.toFixed(1)],
  ["Pairs that can overflow", countText(weight.saturating_pairs)]]);

const roundedFacts = (value: Rounded) => facts(`${value.input ? "Reads" : "Makes"} ${value.value}`, [
  ["Bits", String(value.bits)], ["Clipped", shareText(value.clipped)], ["Codes used", shareText(value.used)], ["Error over power", shareText(value.noise)],
  ["Largest over root mean square", value.outlier.toFixed(1)], ["Widest over median channel", value.spread.toFixed(1)]]);

function table({ layers, time }: Explanation, selection: Selection): HTMLElement {
  const titles = ["Layer", "Alone", "In the network", "Clipped", ...(time ? ["Float", "Quantized", "Ran as"] : [])];
  return figuresTable(titles, layers.map((layer): Child[] => [
    h("button", { type: "button", class: "name", onclick: () => selection.select(layer.node) }, layer.node),
    decibels(layer.isolated), decibels(layer.accumulated), shareText(Math.max(0, ...layer.rounded.map(({ clipped }) => clipped))),
    ...(layer.time ? [timeText(layer.time.original), timeText(layer.time.quantized), layer.time.kernel || "–"] : [])]), "nodes");
}
