#include "base/error.h"

#include <array>
#include <utility>

namespace bw {
namespace {

struct KindRow {
  ErrorKind kind;
  std::string_view name;
  int exit_code;
};
constexpr std::array kKinds{
    KindRow{ErrorKind::Internal, "InternalError", 1},
    KindRow{ErrorKind::Usage, "UsageError", 2},
    KindRow{ErrorKind::Input, "InputError", 3},
    KindRow{ErrorKind::Quantization, "QuantizationError", 3},
    KindRow{ErrorKind::Calibration, "CalibrationError", 3},
    KindRow{ErrorKind::HardwareCompatibility, "HardwareCompatibilityError", 3},
    KindRow{ErrorKind::Worker, "WorkerError", 4},
    KindRow{ErrorKind::Timeout, "TimeoutError", 4},
    KindRow{ErrorKind::Requirement, "RequirementError", 5},
    KindRow{ErrorKind::Interrupted, "Interrupted", 130},
};
constexpr std::array<std::string_view, 7> kInputClasses{"",         "format",      "limit", "path",
                                                        "semantic", "unsupported", "data"};

const KindRow& row_of(ErrorKind kind) {
  for (const KindRow& row : kKinds)
    if (row.kind == kind) return row;
  return kKinds.front();
}

std::string sentence(const std::string& what, const std::string& where, const std::string& hint) {
  std::string text = where.empty() ? what : where + ": " + what;
  if (!hint.empty()) text += ". " + hint;
  return text;
}

}  // namespace

Error::Error(ErrorKind kind, InputClass input_class, std::string what, std::string where, std::string hint)
    : kind_(kind),
      input_class_(input_class),
      what_(std::move(what)),
      where_(std::move(where)),
      hint_(std::move(hint)),
      text_(sentence(what_, where_, hint_)) {}

Error::Error(ErrorKind kind, std::string what, std::string where, std::string hint)
    : Error(kind, InputClass::None, std::move(what), std::move(where), std::move(hint)) {}

Error::Error(InputClass input_class, std::string what, std::string where, std::string hint)
    : Error(ErrorKind::Input, input_class, std::move(what), std::move(where), std::move(hint)) {}

Error Error::within(std::string_view outer) const {
  const std::string place = where_.empty() ? std::string(outer) : std::string(outer) + ": " + where_;
  return Error(kind_, input_class_, what_, place, hint_);
}

int exit_code(ErrorKind kind) {
  return row_of(kind).exit_code;
}
std::string_view name_of(ErrorKind kind) {
  return row_of(kind).name;
}
std::string_view name_of(InputClass input_class) {
  return kInputClasses[static_cast<std::size_t>(input_class)];
}

ErrorKind error_kind_named(std::string_view name) {
  for (const KindRow& row : kKinds)
    if (row.name == name) return row.kind;
  return ErrorKind::Internal;
}

InputClass input_class_named(std::string_view name) {
  for (std::size_t i = 0; i < kInputClasses.size(); ++i)
    if (kInputClasses[i] == name) return static_cast<InputClass>(i);
  return InputClass::None;
}

}  // namespace bw
