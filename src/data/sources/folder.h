// A folder of files, one a sample: one folder a class, or a file that lists names and labels, or neither (no labels).
#pragma once

#include <filesystem>
#include <string_view>

#include "data/sources/source.h"

namespace bw {

// A kind of file that is a value of its own.
struct Medium {
  std::string_view says, is_not;                       // "JPEG or PNG images", "neither .jpg nor .png"
  bool (*is_file)(const std::filesystem::path& file);  // by its name
  Column (*describe)(const std::filesystem::path& first);
  Tensor (*read)(const std::filesystem::path& file, const Column& column);
};

const Medium* medium_of(const SourceKind& kind);             // nullptr when it is no folder of such files
const Medium* medium_of(const std::filesystem::path& file);  // by its name; nullptr when it is none

// Whether a folder in `path` holds such files.
bool holds_class_folders(const std::filesystem::path& path, const Medium& medium);

}  // namespace bw
