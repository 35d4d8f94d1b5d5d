// Names that people type: which known one was meant. Every error about a name that is none says it with these.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bw {

// The one of `known` that differs from `name` least, when so few letters do that it was probably meant; else "".
// Upper and lower case are the same here, and so are '_' and '-'. The first of those that are equally near.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known);

// "Did you mean 'bench'? ", to begin a hint with; "" when nothing is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& known);

// A hint: "Did you mean 'bench'? There are: bench, quantize, ...".
std::string known_names(std::string_view name, const std::vector<std::string_view>& known);

// UsageError: "there is no method 'fp61'", with the hint.
Error no_such(std::string_view what, std::string_view name, const std::vector<std::string_view>& known);

// The names of a catalog's entries.
template <class Entries>
std::vector<std::string_view> names_of(const Entries& entries) {
  std::vector<std::string_view> names;
  for (const auto& entry : entries) names.push_back(entry.name);
  return names;
}

// The entry of a catalog; no_such when there is none of that name.
template <class Entries>
const auto& entry_named(std::string_view what, std::string_view name, const Entries& entries) {
  for (const auto& entry : entries)
    if (entry.name == name) return entry;
  throw no_such(what, name, names_of(entries));
}

}  // namespace bw
