// What makes the built page safe to hand around: a policy that forbids all network and all scripts but our own,
// and the one place where a report's data goes.
import { createHash } from "node:crypto";

export const PLACEHOLDER = '<script type="application/json" id="report-data">null</script>';

/** Puts the text of a report.json into the page. "<" is escaped, so no text in the report can end the script element. */
export function injectReport(page: string, json: string): string {
  return page.replace(PLACEHOLDER, () => PLACEHOLDER.replace(">null<", () => `>${json.replaceAll("<", "\\u003c")}<`));
}

/** Adds the content security policy; inline scripts and styles are allowed by their hashes alone. */
export function sealPage(page: string): string {
  if (page.split(PLACEHOLDER).length !== 2) throw new Error("the page must hold the report-data placeholder exactly once");
  const policy = [
    "default-src 'none'",
    `script-src ${hashes(page, /<script type="module"[^>]*>([\s\S]*?)<\/script>/g)}`,
    `style-src ${hashes(page, /<style[^>]*>([\s\S]*?)<\/style>/g)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return page.replace('<meta charset="utf-8">', (charset) =>
    `${charset}\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`);
}

function hashes(page: string, element: RegExp): string {
  const found = [...page.matchAll(element)].map((match) => createHash("sha256").update(match[1]!).digest("base64"));
  if (found.length === 0) throw new Error(`nothing in the page matches ${element}`);
  return found.map((hash) => `'sha256-${hash}'`).join(" ");
}
