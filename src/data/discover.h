// From a path to what should be opened: the description (dataset.yaml or none), the folder, and the splits in it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/spec.h"

namespace bw {

struct Found {
  std::string name;
  std::filesystem::path root;
  DatasetSpec spec;  // source.kind and splits (each with a path beneath root) are filled in
  std::vector<std::string> guesses;
};

// InputError: path (nothing there), data (nothing that a source reads), and those of parse_spec.
Found discover(const std::filesystem::path& path, const std::filesystem::path& data_root,
               std::span<const InputSignature> inputs);

}  // namespace bw
