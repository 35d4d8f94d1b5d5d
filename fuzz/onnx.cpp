// ONNX files through reader and verifier, type inference, and back into bytes.
#include "format/onnx/onnx.h"
#include "fuzz.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  Graph graph = onnx::parse(bytes, "/nowhere");
  onnx::infer_types(graph);
  const std::string written = onnx::serialize(graph);
  onnx::parse(std::as_bytes(std::span(written)), "/nowhere");
}
