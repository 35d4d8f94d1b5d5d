// The table on terminals of several widths: what is shown, and where.
#include "report/table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstdlib>

#include "report/figure_text.h"
#include "report/sample_findings.h"

using namespace bw;

namespace {

// Bench's own names; a candidate of no use; three recipes that one reason refuses; one that killed its worker.
ModelFindings many_rows() {
  ModelFindings model = test::sample_findings().models[0];
  model.doubts.clear();
  CandidateFindings best = test::measured_candidate(), slow = best;
  best.name = "int8-static-observer-percentile";
  slow.name = "weight-only-bits-8-block-32";
  slow.method = "ptq_4bit";
  slow.status = Status::NotBetter;
  slow.reason = "is neither faster nor smaller than the float model";
  slow.latency->ratio = test::figure(12.345, Unit::Ratio, 0.01);
  slow.latency->verdict = Verdict::Worse;
  model.control->disturbance.clear();
  model.original->inference_time = test::figure(1.98e-3, Unit::Seconds, 1e-4);
  slow.quantized->inference_time = test::figure(23.85e-3, Unit::Seconds, 1e-4);
  model.candidates = {best, slow};
  for (const char* name : {"int8-dynamic", "int8-dynamic-per-channel", "int8-dynamic-reduce-range"}) {
    model.candidates.push_back(test::refused_candidate());
    model.candidates.back().name = name;
  }
  CandidateFindings died = test::refused_candidate();
  died.name = "bf16";
  died.method = "half";
  died.status = Status::WorkerDied;
  died.reason = "The worker was killed by signal 11 while it loaded the model.";
  model.candidates.push_back(died);
  model.recommended.candidate = best.name;
  model.recommended.sentence = "Ship int8-static-observer-percentile: 2.26 times as fast";
  return model;
}

std::string table_of(const ModelFindings& model, std::size_t width, bool colours = false) {
  Findings findings = test::sample_findings();
  findings.models = {model};
  return findings_table(findings, {.width = width, .colours = colours});
}

std::size_t widest(const std::string& text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    width = std::max(width, display_width(text.substr(at, end - at)));
    at = end + 1;
  }
  return width;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

// Without the title before it and the reasons after it.
std::string rows_of(const std::string& table) {
  const std::size_t begin = table.find("  ", table.find("told\n"));
  return table.substr(begin, table.find("\nweight-only-bits-8-block-32:") - begin);
}

// As the terminal shows them; each begins in a line of its own.
constexpr std::string_view kAt60 = R"(
resnet20: cifar10, 10000 evaluation samples; changes of time
  from 1.1 % can be told
                                                 status
       top1           time ratio              time      size
       kept           95 % interval         memory     ratio
  float
     92.2 %               1                1.98 ms   1.10 MB
      100 %                                48.2 MB         1
* int8-static-observer-percentile                ok
     92.0 % (-0.130)  0.442 faster          854 µs    301 kB
     99.9 %           0.434 to 0.450       48.2 MB      0.27
  weight-only-bits-8-block-32                    not better
     92.0 % (-0.130)  12.345 slower       23.85 ms    301 kB
     99.9 %           12.335 to 12.355     48.2 MB      0.27
  int8-dynamic and 2 more                        refused
  bf16                                           worker died
weight-only-bits-8-block-32: is neither faster nor smaller
    than the float model
int8-dynamic, int8-dynamic-per-channel,
    int8-dynamic-reduce-range: The model has no MatMul with
    constant weights.
bf16: The worker was killed by signal 11 while it loaded the
    model.
Recommended: Ship int8-static-observer-percentile: 2.26
  times as fast
)";
constexpr std::string_view kAt70 = R"(
resnet20: cifar10, 10000 evaluation samples; changes of time from 1.1
  % can be told
                                                           status
       top1           time ratio              time      size
       kept           95 % interval         memory     ratio
  float
     92.2 %               1                1.98 ms   1.10 MB
      100 %                                48.2 MB         1
* int8-static-observer-percentile                          ok
     92.0 % (-0.130)  0.442 faster          854 µs    301 kB
     99.9 %           0.434 to 0.450       48.2 MB      0.27
  weight-only-bits-8-block-32                              not better
     92.0 % (-0.130)  12.345 slower       23.85 ms    301 kB
     99.9 %           12.335 to 12.355     48.2 MB      0.27
  int8-dynamic and 2 more                                  refused
  bf16                                                     worker died
weight-only-bits-8-block-32: is neither faster nor smaller than the
    float model
int8-dynamic, int8-dynamic-per-channel, int8-dynamic-reduce-range: The
    model has no MatMul with constant weights.
bf16: The worker was killed by signal 11 while it loaded the model.
Recommended: Ship int8-static-observer-percentile: 2.26 times as fast
)";
constexpr std::string_view kAt80 = R"(
resnet20: cifar10, 10000 evaluation samples; changes of time from 1.1 % can be
  told
                             top1           time ratio             time     size
    status                   kept           95 % interval        memory    ratio
  float                    92.2 %               1               1.98 ms  1.10 MB
                            100 %                               48.2 MB        1
* int8-stati…-percentile   92.0 % (-0.130)  0.442 faster         854 µs   301 kB
    ok                     99.9 %           0.434 to 0.450      48.2 MB     0.27
  weight-onl…-8-block-32   92.0 % (-0.130)  12.345 slower      23.85 ms   301 kB
    not better             99.9 %           12.335 to 12.355    48.2 MB     0.27
  int8-dynamic and 2 more  refused
  bf16                    worker died
weight-only-bits-8-block-32: is neither faster nor smaller than the float model
int8-dynamic, int8-dynamic-per-channel, int8-dynamic-reduce-range: The model has
    no MatMul with constant weights.
bf16: The worker was killed by signal 11 while it loaded the model.
Recommended: Ship int8-static-observer-percentile: 2.26 times as fast
)";
constexpr std::string_view kAt120 = R"(
resnet20: cifar10, 10000 evaluation samples; changes of time from 1.1 % can be told
                                       top1           time ratio             time     size
    status                             kept           95 % interval        memory    ratio
  float                              92.2 %               1               1.98 ms  1.10 MB
                                      100 %                               48.2 MB        1
* int8-static-observer-percentile    92.0 % (-0.130)  0.442 faster         854 µs   301 kB
    ok                               99.9 %           0.434 to 0.450      48.2 MB     0.27
  weight-only-bits-8-block-32        92.0 % (-0.130)  12.345 slower      23.85 ms   301 kB
    not better                       99.9 %           12.335 to 12.355    48.2 MB     0.27
  int8-dynamic and 2 more           refused
  bf16                              worker died
weight-only-bits-8-block-32: is neither faster nor smaller than the float model
int8-dynamic, int8-dynamic-per-channel, int8-dynamic-reduce-range: The model has no MatMul with constant weights.
bf16: The worker was killed by signal 11 while it loaded the model.
Recommended: Ship int8-static-observer-percentile: 2.26 times as fast
)";
constexpr std::string_view kAt200 = R"(
resnet20: cifar10, 10000 evaluation samples; changes of time from 1.1 % can be told
                                       top1              kept      time  time ratio          95 % interval      size   ratio   memory  status
  float                              92.2 %             100 %   1.98 ms      1                               1.10 MB       1  48.2 MB
* int8-static-observer-percentile    92.0 % (-0.130)   99.9 %    854 µs  0.442 faster        0.434 to 0.450   301 kB    0.27  48.2 MB  ok
  weight-only-bits-8-block-32        92.0 % (-0.130)   99.9 %  23.85 ms  12.345 slower       12.335 to 12.355 301 kB    0.27  48.2 MB  not better
  int8-dynamic and 2 more           refused
  bf16                              worker died
weight-only-bits-8-block-32: is neither faster nor smaller than the float model
int8-dynamic, int8-dynamic-per-channel, int8-dynamic-reduce-range: The model has no MatMul with constant weights.
bf16: The worker was killed by signal 11 while it loaded the model.
Recommended: Ship int8-static-observer-percentile: 2.26 times as fast
)";

}  // namespace

TEST_CASE("table: every width shows all of it, and nothing is wrapped") {
  const ModelFindings model = many_rows();
  CHECK("\n" + table_of(model, 60) == kAt60);
  CHECK("\n" + table_of(model, 70) == kAt70);
  CHECK("\n" + table_of(model, 80) == kAt80);
  CHECK("\n" + table_of(model, 120) == kAt120);
  CHECK("\n" + table_of(model, 200) == kAt200);
  CHECK(rows_of(table_of(model, 99)) == rows_of(table_of(model, 120)));
  CHECK(rows_of(table_of(model, 100)) == rows_of(table_of(model, 120)));
  for (std::size_t width = 60; width <= 200; ++width) {
    INFO(width);
    const std::string table = table_of(model, width);
    CHECK(widest(table) <= width);
    for (const char* figure : {"92.0 % (-0.130)", "99.9 %", "854 µs", "0.442 faster", "0.434 to 0.450", "301 kB",
                               "0.27", "48.2 MB", "23.85 ms", "12.345 slower", "not better", "refused", "worker died"})
      CHECK(contains(table, figure));
    CHECK(!contains(table, " \n"));
  }
}

TEST_CASE("table: names that are too long lose their middle; without a width none does") {
  ModelFindings model = many_rows();
  const std::string longest = "begin-" + std::string(190, 'x') + "-end",
                    other = "begin-" + std::string(190, 'x') + "-odd";
  model.candidates[0].name = longest;
  model.candidates[2].name = other;
  for (const std::size_t width : {60, 80, 120, 200}) {
    INFO(width);
    const std::string rows = rows_of(table_of(model, width));
    CHECK(widest(rows) <= width);
    CHECK(contains(rows, "  begin-xx"));
    CHECK(contains(rows, "x-end "));
    CHECK(contains(rows, "x-odd and 2 more  refused"));
  }
  CHECK(contains(table_of(model, 0), "\n  " + longest + "   92.0 %"));
  CHECK(contains(table_of(model, 0), "\n  " + other + " and 2 more  refused"));

  CHECK(shortened("abcdefgh", 8) == "abcdefgh");
  CHECK(shortened("abcdefgh", 7) == "abc…fgh");
  CHECK(shortened("abcdefgh", 4) == "ab…h");
  CHECK(shortened("äöüßäöüß", 6) == "äöü…üß");
  CHECK(shortened("abcdefgh", 1) == "…");
  CHECK(shortened("abcdefgh", 0) == "abcdefgh");
}

TEST_CASE("table: rows that are shown one by one are those of the whole table, whatever follows") {
  ModelFindings model = many_rows();
  for (const std::size_t width : {60, 80, 120, 200}) {
    INFO(width);
    const TableStyle style{.width = width};
    const std::string table = table_of(model, width);
    const std::string first = table_row(model, model.candidates[0], style);
    CHECK(contains(table, "\n" + table_header(model, style) + "\n" + float_row(model, style) + "\n" + first + "\n"));
    CHECK(contains(table, "\n" + table_row(model, model.candidates[1], style) + "\n"));
    CHECK(contains(table, "\n" + table_row(model, model.candidates[5], style) + "\n"));
    ModelFindings longer = model;
    longer.candidates[1].name = std::string(200, 'y');
    CHECK(table_row(longer, longer.candidates[0], style) == first);
    CHECK(table_header(longer, style) == table_header(model, style));
  }
  ModelFindings longer = model;
  longer.candidates[0].name = std::string(200, 'y');
  CHECK(contains(table_row(longer, longer.candidates[0], {}), "  " + longer.candidates[0].name + " 92.0 %"));
  CHECK(table_row(model, model.candidates[2], {}) == "  int8-dynamic                      refused");
}

TEST_CASE("table: one reason of several recipes of a method is told once") {
  ModelFindings model = many_rows();
  std::string table = table_of(model, 0);
  CHECK(contains(table, "\n  int8-dynamic and 2 more "));
  CHECK(contains(table, "\nint8-dynamic, int8-dynamic-per-channel, int8-dynamic-reduce-range: The model has no"));
  CHECK(!contains(table, "\n  int8-dynamic-per-channel"));

  model.candidates[3].method = "other";  // the same sentence for another method
  model.candidates[4].reason = "Another reason.";
  table = table_of(model, 0);
  for (const char* name : {"int8-dynamic", "int8-dynamic-per-channel", "int8-dynamic-reduce-range"}) {
    CHECK(contains(table, std::string("\n  ") + name + " "));
    CHECK(contains(table, std::string("\n") + name + ": "));
  }
  model.candidates[0].status = Status::NotBetter;  // what has figures keeps its row
  model.candidates[0].method = model.candidates[1].method;
  model.candidates[0].reason = model.candidates[1].reason;
  table = table_of(model, 0);
  CHECK(contains(table, "\n  weight-only-bits-8-block-32 "));
  CHECK(contains(table, "\nint8-static-observer-percentile, weight-only-bits-8-block-32: is neither"));
}

TEST_CASE("table: colours only where asked for, and none from a model's names") {
  Findings findings = test::sample_findings();
  CHECK(contains(findings_table(findings, {.width = 0, .colours = true}), "\x1b[32m0.442 faster\x1b[0m"));
  findings.models[0].name = "\x1b[2Jevil\xc2\x9b";
  findings.models[0].candidates[1].reason = "\x1b]0;title\x07";
  const std::string table = findings_table(findings, {});
  CHECK(!contains(table, "\x1b"));
  CHECK(!contains(table, "\xc2\x9b"));
  CHECK(contains(table, "?[2Jevil?"));
}

TEST_CASE("table: colours on a terminal, unless NO_COLOR says no") {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  REQUIRE(::grantpt(terminal) == 0);
  REQUIRE(::unlockpt(terminal) == 0);
  const int screen = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
  REQUIRE(screen >= 0);
  const auto colours = [&](const char* no_colour) {
    no_colour ? ::setenv("NO_COLOR", no_colour, 1) : ::unsetenv("NO_COLOR");
    std::fflush(stdout);
    const int before = ::dup(STDOUT_FILENO);
    ::dup2(screen, STDOUT_FILENO);
    const bool painted = style_of_stdout().colours;
    ::dup2(before, STDOUT_FILENO);
    ::close(before);
    return painted;
  };
  CHECK(colours(nullptr));
  CHECK(colours(""));  // set but empty is not set, as no-color.org has it
  CHECK(!colours("1"));
  CHECK(!colours("0"));
  ::unsetenv("NO_COLOR");
  ::close(screen);
  ::close(terminal);
}

TEST_CASE("table: a busy machine is named before the figures") {
  Findings findings = test::sample_findings();
  const std::string table = findings_table(findings, {});
  CHECK(contains(table, "changes of time from 1.1 % can be told"));
  CHECK(contains(table,
                 "\nThe machine was busy while speed was measured: other processes used 0.9 of its 2 processors\n"));
  findings.models[0].control->disturbance.clear();
  CHECK(!contains(findings_table(findings, {}), "busy"));
}

TEST_CASE("columns that a terminal has no room for stand below their row") {
  const std::vector<TextColumn> columns{{"run", 0}, {"when", 0}, {"size", 3}, {"command", 2}};
  const std::vector<std::vector<Cell>> rows{{{"9"}, {"today"}, {"9.3 MB"}, {"bench a --data b"}},
                                            {{"10"}, {"yesterday"}, {"21 kB"}, {"-"}}};
  CHECK(text_table(columns, rows, {}) ==
        "run  when         size  command\n"
        "9    today      9.3 MB  bench a --data b\n"
        "10   yesterday   21 kB  -\n");
  CHECK(text_table(columns, rows, {.width = 24}) ==
        "run  when\n"
        "9    today\n"
        "    size 9.3 MB, command\n"
        "    bench a --data b\n"
        "10   yesterday\n"
        "    size 21 kB, command\n"
        "    -\n");
}

TEST_CASE("a text that is longer than its place takes the next one's blanks and stays apart from it") {
  Line line({});
  line.put({"name"}, 2);
  line.put_before({"12345678"}, 10);
  line.put({""}, 20);
  line.put({"word"}, 11);
  CHECK(line.text() == "  name 12345678 word");
}
