import "./theme.css";
import { explanationIn } from "./explanation";
import { explanationPage } from "./explanation_page";
import { unfoldOnDemand } from "./fold";
import { failure, page } from "./page";
import { parseReport, ReportError } from "./report";

function content(json: string): HTMLElement {
  try {
    const explanation = explanationIn(json);
    if (explanation !== null) {
      document.title = `${explanation.quantized} · bitwright explanation`;
      return explanationPage(explanation);
    }
    const report = parseReport(json);
    document.title = `${report.models.map(({ model }) => model.name).join(", ")} · bitwright report`;
    return page(report, json);
  } catch (error) {
    if (error instanceof ReportError) return failure(error.message);
    console.error(error);
    return failure(`The report's data is not as expected: ${String(error)}`);
  }
}

document.body.append(content(document.getElementById("report-data")?.textContent ?? "null"));
unfoldOnDemand();
