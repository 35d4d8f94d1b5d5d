// A real browser, where one is installed: what only a layout can tell. Spoken to by its own protocol over a pipe.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The program's name; null where there is none. */
export const browserProgram = NAMES.find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;

interface Answer { id?: number; method?: string; sessionId?: string; result?: any; error?: { message: string } }

export class Browser {
  private readonly profile = mkdtempSync(join(tmpdir(), "bitwright-browser-"));
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly events: Answer[] = [];
  private session: string | undefined;
  private count = 0;
  private unread = "";

  constructor(program: string) {
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", `--user-data-dir=${this.profile}`];
    this.child = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    (this.child.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => this.read(text));
  }

  private read(text: string): void {
    const messages = (this.unread + text).split("\0");
    this.unread = messages.pop()!;
    for (const answer of messages.map((message) => JSON.parse(message) as Answer)) {
      if (answer.id === undefined) this.events.push(answer);
      else this.waiting.get(answer.id)?.(answer);
    }
  }

  async send(method: string, params: object = {}): Promise<any> {
    const id = ++this.count;
    (this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    const answer = await new Promise<Answer>((done) => this.waiting.set(id, done));
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }

  async open(url: string, width: number): Promise<void> {
    if (!this.session) {
      const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
      this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
      await this.send("Page.enable");
    }
    await this.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
    this.events.length = 0;
    await this.send("Page.navigate", { url });
    while (!this.events.some(({ method }) => method === "Page.loadEventFired")) await new Promise((done) => setTimeout(done, 10));
  }

  /** What the expression gives in the page, when two frames have been drawn. */
  async evaluate<T>(expression: string): Promise<T> {
    const drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";
    const { result, exceptionDetails } = await this.send("Runtime.evaluate",
      { expression: `${drawn}.then(() => (${expression}))`, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async close(): Promise<void> {
    const gone = new Promise((done) => this.child.once("exit", done));
    this.session = undefined;
    await this.send("Browser.close");
    await gone;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
