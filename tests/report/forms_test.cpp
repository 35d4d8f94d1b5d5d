// The report as csv and as a page, and its figures in words.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "report/comparison.h"
#include "report/csv.h"
#include "report/figure_text.h"
#include "report/html.h"
#include "report/json.h"
#include "report/sample_findings.h"
#include "report/table.h"

using namespace bw;

namespace {

// Rows of cells, as RFC 4180 has them.
std::vector<std::vector<std::string>> cells_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row{""};
  bool quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (c == '"' && quoted && i + 1 < csv.size() && csv[i + 1] == '"')
      row.back() += csv[++i];
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      row.emplace_back();
    else if (c == '\r' && !quoted) {
      REQUIRE(csv.at(++i) == '\n');
      rows.push_back(std::exchange(row, {""}));
    } else
      row.back() += c;
  }
  REQUIRE(row == std::vector<std::string>{""});
  return rows;
}

std::string cell(const std::vector<std::vector<std::string>>& rows, std::size_t row, std::string_view column) {
  const auto found = std::find(rows[0].begin(), rows[0].end(), column);
  REQUIRE(found != rows[0].end());
  return rows.at(row).at(static_cast<std::size_t>(found - rows[0].begin()));
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("csv: a row for the float model and for each candidate") {
  const auto rows = cells_of(report_csv(test::sample_findings()));
  REQUIRE(rows.size() == 4);
  for (const auto& row : rows) CHECK(row.size() == rows[0].size());
  CHECK(cell(rows, 1, "candidate") == "float");
  CHECK(cell(rows, 1, "accuracy") == "0.9217");
  CHECK(cell(rows, 1, "recommended") == "no");
  CHECK(cell(rows, 1, "latency_ratio") == "");
  CHECK(cell(rows, 2, "recipe") == "int8-static(observer=mse)");
  CHECK(cell(rows, 2, "latency_ratio") == "0.442");
  CHECK(cell(rows, 2, "latency_ratio_low") == "0.434");
  CHECK(cell(rows, 2, "latency_ratio_high") == "0.45");
  CHECK(cell(rows, 2, "latency_verdict") == "better");
  CHECK(cell(rows, 2, "layers_quantized") == "21");
  CHECK(cell(rows, 2, "layers_total") == "22");
  CHECK(cell(rows, 2, "original_inference_time") == "0.00193");  // of the same comparison as the ratio
  CHECK(cell(rows, 1, "original_inference_time") == "");
  CHECK(cell(rows, 2, "accuracy_difference") == "-0.0013");
  CHECK(cell(rows, 2, "pareto") == "yes");
  CHECK(cell(rows, 2, "recommended") == "yes");
  CHECK(cell(rows, 2, "model_size") == "301220");
  CHECK(cell(rows, 2, "sqnr") == "");
  CHECK(cell(rows, 2, "retention_of") == "top1");
  CHECK(cell(rows, 2, "retention_output") == "logits");
  CHECK(cell(rows, 2, "not_finite") == "0");
  CHECK(cell(rows, 1, "retention_of") == "");
  CHECK(cell(rows, 3, "status") == "refused");
  CHECK(cell(rows, 3, "accuracy") == "");
}

TEST_CASE("csv: elements that are not finite are those of all outputs, and the float model may be recommended") {
  Findings findings = test::sample_findings();
  findings.models[0].recommended.candidate.reset();
  std::vector<OutputFindings>& outputs = findings.models[0].candidates[0].accuracy->outputs;
  outputs[0].not_finite = 3;
  outputs.push_back(outputs[0]);
  outputs[1].not_finite = 4;
  const auto rows = cells_of(report_csv(findings));
  CHECK(cell(rows, 2, "not_finite") == "7");
  CHECK(cell(rows, 1, "recommended") == "yes");
  CHECK(cell(rows, 2, "recommended") == "no");
}

TEST_CASE("csv: text is quoted, and is no formula") {
  Findings findings = test::sample_findings();
  CandidateFindings& candidate = findings.models[0].candidates[1];
  candidate.reason = "says \"no\",\r\ntwice";
  candidate.recipe = "=HYPERLINK(\"http://x\")";
  candidate.name = "@a";
  findings.models[0].name = "+1";
  const std::string csv = report_csv(findings);
  const auto rows = cells_of(csv);
  CHECK(cell(rows, 3, "reason") == "says \"no\",\r\ntwice");
  CHECK(cell(rows, 3, "recipe") == "'=HYPERLINK(\"http://x\")");
  CHECK(cell(rows, 3, "candidate") == "'@a");
  CHECK(cell(rows, 1, "model") == "'+1");
  CHECK(cell(rows, 2, "accuracy_difference") == "-0.0013");  // a number stays one
  candidate.reason = "one\ntwo";
  CHECK(contains(report_csv(findings), ",\"one\ntwo\","));
}

TEST_CASE("page: the report stands in its one place and cannot leave it") {
  const std::string place = R"(<script type="application/json" id="report-data">null</script>)";
  const Json report{{"command", "</script><script>alert(1)</script><!--"}};
  const std::string page = with_report("<p>" + place + "</p>", report);
  CHECK(
      page ==
      R"(<p><script type="application/json" id="report-data">{"command":"\u003c/script>\u003cscript>alert(1)\u003c/script>\u003c!--"}</script></p>)");
  CHECK_THROWS_AS(with_report("<p></p>", report), Error);
  CHECK_THROWS_AS(with_report(place + place, report), Error);
}

TEST_CASE("page: the built one takes the report") {
  const Json report = to_json(test::sample_findings());
  const std::string page = report_html(report);
  const std::string before = R"(<script type="application/json" id="report-data">)";
  const std::size_t at = page.find(before);
  REQUIRE(at != page.npos);
  const std::size_t start = at + before.size();
  CHECK(parse_json(page.substr(start, page.find("</script>", start) - start), "page") == report);
  CHECK(contains(page, "Content-Security-Policy"));
}

TEST_CASE("figures as text show what the interval can tell") {
  using test::figure;
  CHECK(figure_text(figure(0.92041, Unit::Fraction, 0.005)) == "92.0 %");
  CHECK(interval_text(figure(0.442, Unit::Ratio, 0.008)) == "0.434 to 0.450");
  CHECK(figure_text(figure(0.000854, Unit::Seconds, 0.0000034)) == "854 µs");
  CHECK(figure_text(figure(1098452, Unit::Bytes)) == "1.10 MB");
  CHECK(figure_text(figure(1000, Unit::Bytes)) == "1.00 kB");
  CHECK(figure_text(figure(-2500000, Unit::Bytes)) == "-2.50 MB");
  CHECK(figure_text(figure(12.5, Unit::Score)) == "12.5");
  CHECK(figure_text(figure(0, Unit::Bytes)) == "0.00 B");
  CHECK(figure_text(test::missing(Unit::Ratio, "why")) == "-");
  CHECK(difference_text(figure(-0.0013, Unit::Fraction, 0.001)) == "-0.130 points");
  CHECK(difference_text(figure(0.002, Unit::Fraction, 0.01)) == "+0.20 points");
  CHECK(difference_text(figure(-0.00001, Unit::Fraction, 0.03)) == "0.0 points");
}

TEST_CASE("comparison: what one model is to the other") {
  ModelFindings model = test::sample_findings().models[0];
  model.candidates.resize(1);
  CandidateFindings& other = model.candidates[0];
  CHECK(comparison_sentence(model) ==
        "int8-static-mse against resnet20: 2.26 times as fast (time ratio 0.442; 95 % interval 0.434 to 0.450); less "
        "accurate (top1 -0.130 "
        "points; 95 % interval -0.23 to -0.03); smaller, 27.4 % of the size (301 kB instead of 1.10 MB)");
  const std::string table = comparison_table(model, {});
  CHECK(contains(table, "resnet20 and int8-static-mse: "));
  CHECK(contains(table, "\n  resnet20 "));
  CHECK(table.ends_with(comparison_sentence(model) + "\n"));
  CHECK(!contains(table, "float"));

  other.latency->verdict = Verdict::Inconclusive;
  other.accuracy->metrics[0].verdict = Verdict::Same;
  other.artifact->bytes = 2 * model.bytes;
  const std::string unsure = comparison_sentence(model);
  CHECK(contains(unsure, ": no difference in speed beyond the interval (time ratio "));
  CHECK(contains(unsure, "; as accurate (top1 "));
  CHECK(contains(unsure, "; larger, 2.00 times the size ("));

  other.latency->verdict = Verdict::Same;
  CHECK(contains(comparison_sentence(model), ": as fast (time ratio 0.442; "));

  other.latency->verdict = Verdict::Worse;
  other.accuracy->metrics.clear();
  other.accuracy->decided_by = "agreement";
  other.artifact->bytes = model.bytes;
  const std::string slower = comparison_sentence(model);
  CHECK(contains(slower, ": takes 0.44 times as long ("));
  CHECK(contains(slower, "; gives the same answer in 98.50 % of all cases; of the same size ("));
  other.accuracy->decided_by = "fidelity";
  CHECK(contains(comparison_sentence(model), "; output 'logits' is kept to 97.00 % (The outputs are equal.)"));
  other.accuracy->outputs.push_back(other.accuracy->outputs[0]);
  other.accuracy->outputs[1].name = other.accuracy->decided_on = "boxes";
  CHECK(contains(comparison_sentence(model), "; output 'boxes' is kept to "));

  other.latency.reset();
  other.reason = "it died";
  CHECK(comparison_sentence(model) == "int8-static-mse could not be compared with resnet20: it died");
}

TEST_CASE("what a model misses of limits is named with its figure and interval") {
  ModelFindings model = test::sample_findings().models[0];
  model.candidates.resize(1);
  CandidateFindings& other = model.candidates[0];
  using Sentences = std::vector<std::string>;
  CHECK(missed(model, {}).empty());
  CHECK(missed(model, {.max_loss = 0.002, .max_latency_ratio = 0.442, .max_size_ratio = 0.2743}).empty());
  CHECK(missed(model, {.max_loss = 0.001, .max_latency_ratio = 0.44, .max_size_ratio = 0.25}) ==
        Sentences{"loses 0.141 % of top1 (95 % interval -0.2 to 0.4), and at most 0.1 % may be lost",
                  "takes 0.442 of the time (95 % interval 0.434 to 0.450), and at most 0.44 is allowed",
                  "has 0.2742 of the size, and at most 0.25 is allowed"});
  other.accuracy_retention = test::missing(Unit::Ratio, "none of the outputs could be compared");
  other.latency->ratio = test::missing(Unit::Ratio, "it is too quick to time");
  CHECK(missed(model, {}).empty());
  CHECK(missed(model, {.max_loss = 0.5, .max_latency_ratio = 9}) ==
        Sentences{"what it loses is not known (none of the outputs could be compared), and at most 50 % may be lost",
                  "its time ratio is not known (it is too quick to time), and at most 9 is allowed"});
}

TEST_CASE("table: how retention is meant where no label decides, and doubts") {
  Findings findings = test::sample_findings();
  CHECK(contains(findings_table(findings, {}), "\nDoubt: The labels may be in another order.\n"));
  CHECK(!contains(findings_table(findings, {}), "Retention by"));
  CandidateFindings& candidate = findings.models[0].candidates[0];
  findings.models[0].metric = "fidelity";
  candidate.accuracy->metrics.clear();
  candidate.accuracy->decided_by = "fidelity";
  candidate.accuracy->outputs.push_back({.name = "state", .measure = "fidelity"});
  const std::string table = findings_table(findings, {});
  CHECK(contains(table, "\nRetention by fidelity: 1 less the error"));
  CHECK(contains(table, " (logits)"));  // which of two outputs decided
}
