#include "bench/own_metric.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "base/command.h"
#include "base/error.h"
#include "base/json.h"

namespace bw {
namespace {

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  const std::size_t start = text.rfind('\n');
  return start == std::string::npos ? text : text.substr(start + 1);
}

[[noreturn]] void refuse(const std::string& command, const std::string& line) {
  throw Error(InputClass::Data, fmt::format("its last line is '{:.80}', not a number", line),
              fmt::format("--eval-command '{}'", command),
              "Print a number, or JSON {\"name\": ..., \"value\": ..., \"direction\": \"higher\" or \"lower\"}");
}

}  // namespace

OwnScore own_score(const std::string& command, const std::filesystem::path& model, const std::stop_token& stop) {
  const std::string line =
      last_line(output_of({"sh", "-c", command + " \"$1\"", "sh", std::filesystem::absolute(model).string()}, stop));
  OwnScore score;
  try {
    const Json json = parse_json(line, "--eval-command");
    const Json& value = json.is_object() ? json.at("value") : json;
    score.value = value.get<double>();
    if (json.is_object()) {
      score.name = json.value("name", score.name);
      score.direction =
          json.value("direction", std::string("higher")) == "lower" ? Direction::Lower : Direction::Higher;
    }
  } catch (const Error&) {
    refuse(command, line);
  } catch (const nlohmann::json::exception&) {
    refuse(command, line);
  }
  if (!std::isfinite(score.value)) refuse(command, line);
  return score;
}

}  // namespace bw
