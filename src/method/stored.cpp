#include "method/stored.h"

namespace bw {

std::set<std::string> stored_in_half(const Task& task) {
  std::set<std::string> names;
  if (task.stored == nullptr) return names;
  for (const Value& value : task.stored->values) {
    const DType dtype = value.initializer.defined() ? value.initializer.dtype() : value.type.dtype;
    if (dtype == DType::Float16 || dtype == DType::BFloat16) names.insert(value.name);
  }
  return names;
}

}  // namespace bw
