// A metric of the user's own: a shell command that is given a model's path and says one number.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "measure/figure.h"

namespace bw {

struct OwnScore {
  std::string name = "score";
  double value = 0;
  Direction direction = Direction::Higher;
};

// Runs `command MODEL`. The last line that it prints is a number, or JSON {"name", "value", "direction":
// "higher"|"lower"} of which only value is needed. Errors: those of output_of; InputError(data) when the line is
// neither.
OwnScore own_score(const std::string& command, const std::filesystem::path& model, const std::stop_token& stop = {});

}  // namespace bw
