#include "run/runtime.h"

#include <fmt/format.h>

#include <array>

#include "base/names.h"
#include "run/openvino/openvino.h"
#include "run/ort/ort.h"

namespace bw {

std::span<const Runtime> runtimes() {
  static const std::array kRuntimes{
      ort::runtime(),
      openvino::runtime(),
  };
  return kRuntimes;
}

const Runtime& runtime_named(std::string_view name) {
  return entry_named("runtime", name, runtimes());
}

const Runtime& available_runtime(std::string_view name) {
  const Runtime& runtime = runtime_named(name);
  if (!runtime.available())
    throw Error(ErrorKind::Usage, fmt::format("the runtime '{}' is not here", name), "",
                fmt::format("Bring it with: {}", runtime.brought_by));
  return runtime;
}

std::string name_and_version(const Runtime& runtime) {
  return fmt::format("{} {}", runtime.name, runtime.version());
}

}  // namespace bw
