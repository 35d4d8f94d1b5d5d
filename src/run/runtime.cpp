#include "run/runtime.h"

#include <array>

#include "base/error.h"
#include "run/ort/ort.h"

namespace bw {

std::span<const Runtime> runtimes() {
  static const std::array kRuntimes{
      ort::runtime(),
  };
  return kRuntimes;
}

const Runtime& runtime_named(std::string_view name) {
  std::string known;
  for (const Runtime& runtime : runtimes()) {
    if (runtime.name == name) return runtime;
    known += known.empty() ? "" : ", ";
    known += runtime.name;
  }
  throw Error(ErrorKind::Usage, "there is no runtime \"" + std::string(name) + "\"", {}, "Runtimes: " + known);
}

}  // namespace bw
