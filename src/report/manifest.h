// manifest.json: what a report's folder must hold, to tell a whole folder from a torn one or a changed one.
#pragma once

#include <filesystem>

#include "base/json.h"

namespace bw {

// {version, generator, files: [{path, bytes, sha256}]} of the report's files and of everything under candidates/,
// sorted by path. Links are not followed and not listed; other files that the folder may hold are none of ours.
Json manifest(const std::filesystem::path& folder);

}  // namespace bw
