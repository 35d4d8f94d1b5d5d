// Names of arrays in npz archives and in folders of npy files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

// Of an npz archive, an npy file or a folder of npy files; empty for anything else. No array is read.
std::vector<std::string> array_names(const std::filesystem::path& path);

// "x_train" is the array "x" of the part "train", "train_images" the array "images"; nullopt when the name does not
// begin or end with the name of a split.
struct PartName {
  std::string base, part;
};
std::optional<PartName> part_of_name(std::string_view name);

}  // namespace bw
