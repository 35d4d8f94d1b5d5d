// What the whole-program tests work on: small models and data, made afresh in a folder.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "folder.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

namespace bw::test {

Tensor normal(const Shape& shape, std::uint64_t seed);

// Images x [count, 4, 8, 8], labelled with the CNN's own answers save for every eighth, so that it has an accuracy.
void put_images(const std::filesystem::path& npz, std::int64_t count, bool labels = true);

// Take the images of the CNN, and kill the runtime, or never come back.
Graph dies();
Graph hangs();

// cnn.onnx and data/samples.npz, with 60 labelled images.
class World {
 public:
  World();
  std::filesystem::path operator/(const std::string& name) const { return folder_.path() / name; }
  std::string path(const std::string& name) const { return (*this / name).string(); }
  const std::filesystem::path& path() const { return folder_.path(); }
  void write_text(const std::string& name, const std::string& text) const;

 private:
  Folder folder_;
};

Json json_file(const std::filesystem::path& path);

}  // namespace bw::test
