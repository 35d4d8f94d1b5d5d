// Input files that nothing of ours replaces while they are in use, by whatever name or link they are reached.
#pragma once

#include <memory>
#include <span>

#include "base/file.h"

namespace bw {

// Keeps the files of `files` that are there, as long as this lives.
using KeptFiles = std::shared_ptr<const void>;
KeptFiles keep(std::span<const fs::path> files);

bool is_kept(const fs::path& path);
// UsageError when `path` leads to a kept file. FileWriter asks this; commands ask before long work.
void require_not_kept(const fs::path& path);

}  // namespace bw
