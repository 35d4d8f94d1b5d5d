// Paths written in files that may come from anywhere.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bw {

// root / relative. InputError(path) when `relative` is absolute, climbs ("..", backslash, NUL), leads out of root
// through a link, or does not exist. "" gives root.
std::filesystem::path beneath(const std::filesystem::path& root, std::string_view relative, std::string_view where);

// `text` with each ${NAME} replaced by the environment's value. Error(Usage) when it is not set.
std::string expand_environment(std::string_view text, std::string_view where);

// Lower-case extension without the dot: "jpg".
std::string extension_of(const std::filesystem::path& path);

}  // namespace bw
