// The profile that ONNX Runtime writes into a file: a list of events in the format of Chrome's trace viewer.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "run/runtime.h"

namespace bw::ort {

// A folder for the file, which goes with this.
class ProfileFolder {
 public:
  ProfileFolder();
  ~ProfileFolder();
  ProfileFolder(const ProfileFolder&) = delete;
  ProfileFolder& operator=(const ProfileFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The time of each node's kernel, of all events behind the end of the first run. InputError(format) for a text that is no such list.
std::vector<NodeTime> node_times(std::string_view profile);

}  // namespace bw::ort
