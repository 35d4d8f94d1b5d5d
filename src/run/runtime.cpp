#include "run/runtime.h"

#include <array>

#include "base/names.h"
#include "run/ort/ort.h"

namespace bw {

std::span<const Runtime> runtimes() {
  static const std::array kRuntimes{
      ort::runtime(),
  };
  return kRuntimes;
}

const Runtime& runtime_named(std::string_view name) {
  return entry_named("runtime", name, runtimes());
}

}  // namespace bw
