// A table of figures, a row a thing. Where the page is narrow, every row becomes a block whose cells carry their titles.
import { type Child, h } from "./dom";

/** The first cell of a row is what the row is about. */
export function figuresTable(titles: string[], rows: Child[][], kind = ""): HTMLElement {
  return h("table", { class: `figures ${kind}`.trim() },
    h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, rows.map(([about, ...cells]) => h("tr", {}, h("th", { scope: "row" }, about),
      cells.map((cell, i) => h("td", { "data-label": titles[i + 1] }, cell))))));
}
