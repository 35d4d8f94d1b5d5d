// Taps: a custom operator bitwright.Tap(x) -> token that shows a value to the caller of run() the moment it has been
// computed, while it is in cache and before its memory is reused. Nothing of it leaves the process.
//
// ONNX Runtime orders nodes by walking backwards from nodes that nobody uses, last one first. So Tap nodes stand at the
// end of the model in reverse order of the values: each then runs right after its value. A tap makes a second use of
// its value; tap what stays after fusion (the activation's output, not the convolution's) and no fusion is lost.
#pragma once

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "run/runtime.h"

// ONNX Runtime's own type, so that this header needs none of its headers.
struct OrtCustomOp;

namespace bw::ort {

inline constexpr const char* kTapDomain = "bitwright";

// Model bytes that, put behind the bytes of a serialized model, add a Tap for each value: concatenated protobuf
// messages are merged field by field, so the model itself is neither parsed nor copied here.
std::string tap_suffix(std::span<const std::string> values);

// ONNX Runtime computes convolutions in blocks of channels, and puts a ReorderOutput before whoever needs the plain
// order. Of a model that it has optimized, with Taps in it: the same model, whose Taps read in ElementOrder::Any the
// blocks themselves where these hold the value's elements and no others, in another order.
std::string optimized_with_taps(std::string_view optimized, ElementOrder order);
bool taps_read_reorders(std::string_view optimized);  // else both orders are the same

// Whether anything in the model can be computed in blocks.
bool has_convolution(std::string_view model);

const OrtCustomOp* tap_operator();

// While alive, taps that run on this thread go to `sink`; take_error() is what the sink threw first.
class TapScope {
 public:
  explicit TapScope(const TapSink& sink);
  ~TapScope();
  TapScope(const TapScope&) = delete;
  TapScope& operator=(const TapScope&) = delete;
  std::exception_ptr take_error();

 private:
  const TapSink* outer_;
  std::exception_ptr outer_error_;
};

}  // namespace bw::ort
