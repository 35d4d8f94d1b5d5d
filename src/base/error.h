// The one exception type of bitwright. It is thrown where a fault is found and caught in three places: the command
// line, the worker's loop and the server's handler.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace bw {

// Names follow the requirement's exceptions; `exit_code` maps them to the program's exit codes.
enum class ErrorKind {
  Internal,               // our defect: exit 1
  Usage,                  // wrong arguments: exit 2
  Input,                  // bad input: exit 3
  Quantization,           // a method cannot do what was asked of this model: exit 3
  Calibration,            // calibration data missing or unusable: exit 3
  HardwareCompatibility,  // this machine or runtime lacks something: exit 3
  Worker,                 // a worker process died or broke the protocol: exit 4
  Timeout,                // a worker process gave no answer in time, and was killed: exit 4
  Requirement,            // a stated requirement (constraint) was not met: exit 5
  Interrupted,            // SIGINT or SIGTERM: exit 130
};

// What is wrong with an input.
enum class InputClass { None, Format, Limit, Path, Semantic, Unsupported, Data };

class Error : public std::exception {
 public:
  // what: one sentence; where: file, tensor, node, index or line; hint: what to do next.
  Error(ErrorKind kind, std::string what, std::string where = {}, std::string hint = {});
  // An input error of a class.
  Error(InputClass input_class, std::string what, std::string where = {}, std::string hint = {});

  ErrorKind kind() const { return kind_; }
  InputClass input_class() const { return input_class_; }
  const std::string& message() const { return what_; }
  const std::string& where() const { return where_; }
  const std::string& hint() const { return hint_; }
  // "WHERE: WHAT. HINT" on one line.
  const char* what() const noexcept override { return text_.c_str(); }

  // The same error with an outer place put in front of `where`.
  Error within(std::string_view outer) const;

 private:
  Error(ErrorKind kind, InputClass input_class, std::string what, std::string where, std::string hint);

  ErrorKind kind_;
  InputClass input_class_;
  std::string what_, where_, hint_, text_;
};

int exit_code(ErrorKind kind);
std::string_view name_of(ErrorKind kind);             // "QuantizationError", "InputError", ...
std::string_view name_of(InputClass input_class);     // "format", "limit", ...; "" for None
ErrorKind error_kind_named(std::string_view name);    // inverse of name_of; Internal when unknown
InputClass input_class_named(std::string_view name);  // inverse of name_of; None when unknown

}  // namespace bw
