// The page as a browser lays it out. Left out where no Chromium is installed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build, type Rollup } from "vite";
import { injectReport } from "../build/seal";
import { Browser, browserProgram } from "./browser";
import { bare, crowded, explanation, hostileExplanation, sample, unbroken } from "./edge";

const WIDTHS = [320, 390, 600, 768, 1001, 1280, 1920];
const REPORTS: Record<string, () => object> = { sample, bare, crowded, unbroken, explanation, hostileExplanation };

const unfold = `document.querySelectorAll("details").forEach((model) => { model.open = true; })`;

/** Elements that reach out of the window or of their own box, as the reader would see them cut or scroll. */
const reachingOut = `[...document.querySelectorAll("body *")]
  .filter((e) => !e.closest(".tall, svg, select, thead, .tip") && getComputedStyle(e).display !== "inline")
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 || (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1))
  .map((e) => e.tagName + "." + e.className + ": " + e.textContent.slice(0, 40))`;

/** Words of a plot that cover other words, a mark, or reach out of it. */
const covered = `[...document.querySelectorAll(".canvas")].flatMap((plot) => {
  const box = (e) => [e.textContent || e.parentNode.getAttribute("aria-label"), e.getBoundingClientRect()];
  const words = [...plot.querySelectorAll(".labels text, .limit text")].map(box);
  const marks = [...plot.querySelectorAll(".point .shape")].map(box);
  const [, frame] = box(plot);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  return words.flatMap(([text, at], i) => [
    ...(at.left < frame.left || at.right > frame.right ? [text + " reaches out"] : []),
    ...[...words.slice(i + 1), ...marks].filter(([, other]) => meet(at, other)).map(([other]) => text + " covers " + other)]);
})`;

describe.skipIf(browserProgram === null)("in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "bitwright-page-"));
  let browser: Browser;
  const url = (name: string) => pathToFileURL(join(folder, `${name}.html`)).href;

  beforeAll(async () => {
    const root = fileURLToPath(new URL("..", import.meta.url));
    const built = await build({ root, configFile: join(root, "vite.config.ts"), mode: "production", logLevel: "silent", build: { write: false } });
    const html = (built as Rollup.RollupOutput).output.find(({ fileName }) => fileName.endsWith(".html")) as Rollup.OutputAsset;
    for (const [name, report] of Object.entries(REPORTS))
      writeFileSync(join(folder, `${name}.html`), injectReport(String(html.source), JSON.stringify(report())));
    browser = new Browser(browserProgram!);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test.each(Object.keys(REPORTS))("nothing of the %s report reaches out of the window or covers another, at any width", async (name) => {
    for (const width of WIDTHS) {
      await browser.open(url(name), width);
      await browser.evaluate(unfold);
      const found = await browser.evaluate(`({ wide: document.documentElement.scrollWidth, out: ${reachingOut}, covered: ${covered} })`);
      expect(found, `${width} px`).toEqual({ wide: width, out: [], covered: [] });
    }
  }, 60_000);

  test("folded, three models fit a phone in half the length that they need unfolded", async () => {
    await browser.open(url("sample"), 390);
    const folded = await browser.evaluate<number>("document.documentElement.scrollHeight");
    await browser.evaluate(unfold);
    expect(folded).toBeLessThan(0.5 * await browser.evaluate<number>("document.documentElement.scrollHeight"));
  });

  test("in print everything is open and light, cards stay whole, and nothing waits for a click", async () => {
    await browser.open(url("sample"), 718);       // A4 with margins of 10 mm
    await browser.send("Emulation.setEmulatedMedia", { media: "print", features: [{ name: "prefers-color-scheme", value: "dark" }] });
    await browser.evaluate("void dispatchEvent(new Event('beforeprint'))");
    const found = await browser.evaluate(`({
      folded: document.querySelectorAll("details:not([open])").length,
      ground: getComputedStyle(document.body).backgroundColor,
      ink: getComputedStyle(document.body).color,
      cut: [...document.querySelectorAll(".answer, .card:not(.chosen-card[id], .environment), .candidates tr")].filter((e) => getComputedStyle(e).breakInside !== "avoid").length,
      clickable: [...document.querySelectorAll("nav button, .copy, select, input")].filter((e) => e.offsetWidth > 0).length,
      scrolls: [...document.querySelectorAll(".tall")].filter((e) => e.scrollHeight > e.clientHeight + 1).length,
      wide: document.documentElement.scrollWidth })`);
    await browser.send("Emulation.setEmulatedMedia", { media: "" });
    expect(found).toEqual({ folded: 0, ground: "rgb(255, 255, 255)", ink: "rgb(20, 24, 31)", cut: 0, clickable: 0, scrolls: 0, wide: 718 });
  });
});
