import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import { injectReport, sealPage } from "./build/seal.ts";

const sample = () => readFileSync(new URL("./sample/report.json", import.meta.url), "utf8");

/** Runs after everything is inlined. `dev` and `sample` show the sample report; `build` leaves the placeholder. */
function page(mode: string): Plugin {
  return {
    name: "page",
    enforce: "post",
    transformIndexHtml: (html, context) => (context.server ? injectReport(html, sample()) : html),
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== "asset" || !file.fileName.endsWith(".html")) continue;
          const sealed = sealPage(String(file.source));
          file.source = mode === "sample" ? injectReport(sealed, sample()) : sealed;
        }
      },
    },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [viteSingleFile({ removeViteModuleLoader: true }), page(mode)],
  server: { open: "/report.html" },
  build: {
    outDir: mode === "sample" ? "dist-sample" : "dist",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],     // know light-dark()
    rollupOptions: { input: "report.html" },
  },
}));
