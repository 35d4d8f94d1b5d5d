// A few nodes of a graph with the edges between them, each node beneath those that it reads.
import { h, svg } from "./dom";
import type { Neighbourhood } from "./explanation";
import { shortened } from "./format";

const WIDTH = 168, HEIGHT = 38, GAP_X = 14, GAP_Y = 26, MOST_LETTERS = 24;

export function neighbourhood(title: string, { nodes, edges }: Neighbourhood): HTMLElement {
  if (nodes.length === 0) return h("div", {}, h("h4", {}, title), h("p", { class: "empty" }, "Nothing of it stands in the file by these names."));
  const depths = depthsOf(nodes.length, edges);
  const rows: number[][] = [];
  depths.forEach((depth, i) => (rows[depth] ??= []).push(i));
  const most = Math.max(...rows.map((row) => row.length));
  const width = most * (WIDTH + GAP_X), height = rows.length * (HEIGHT + GAP_Y);
  const places = new Map(rows.flatMap((row, depth) => row.map((node, i) => [node, {
    x: (width - row.length * (WIDTH + GAP_X) + GAP_X) / 2 + i * (WIDTH + GAP_X), y: depth * (HEIGHT + GAP_Y) + 4 }] as const)));
  return h("div", {}, h("h4", {}, title), h("div", { class: "tall surroundings" },
    svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${nodes.map(({ op }) => op).join(", ")}` },
      edges.map(({ from, to }) => {
        const a = places.get(from)!, b = places.get(to)!;
        return svg("path", { class: "edge", d: `M${a.x + WIDTH / 2},${a.y + HEIGHT}C${a.x + WIDTH / 2},${a.y + HEIGHT + GAP_Y} ${b.x + WIDTH / 2},${b.y - GAP_Y} ${b.x + WIDTH / 2},${b.y}` });
      }),
      nodes.map(({ name, op, own }, i) => {
        const { x, y } = places.get(i)!;
        return svg("g", { class: own ? "node own" : "node", transform: `translate(${x},${y})` },
          svg("title", {}, `${name} (${op})`),
          svg("rect", { width: WIDTH, height: HEIGHT, rx: 7 }),
          svg("text", { x: WIDTH / 2, y: 16, "text-anchor": "middle", class: "op" }, shortened(op, MOST_LETTERS)),
          svg("text", { x: WIDTH / 2, y: 30, "text-anchor": "middle" }, shortened(name, MOST_LETTERS)));
      }))));
}

/** Of each node the longest way from one that reads none of the others; nodes come in the order of the graph. */
function depthsOf(count: number, edges: Neighbourhood["edges"]): number[] {
  const depths = new Array<number>(count).fill(0);
  for (let node = 0; node < count; ++node)
    for (const { from, to } of edges) if (to === node && from < to) depths[node] = Math.max(depths[node]!, depths[from]! + 1);
  return depths;
}
