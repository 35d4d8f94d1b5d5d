// bitwright data keys: every key of dataset.yaml. docs/dataset.md is what it prints.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/catalog.h"
#include "data/spec.h"

namespace bw {
namespace {

int run(const Invocation& invocation) {
  if (!invocation.json) return std::fputs(dataset_page().c_str(), stdout), 0;
  Json keys = Json::array();
  for (const DatasetKey& key : dataset_keys())
    keys.push_back(
        {{"where", key.where}, {"key", key.name}, {"value", key.type}, {"default", key.standard}, {"says", key.says}});
  std::fputs(to_text(keys).c_str(), stdout);
  return 0;
}

}  // namespace

Command data_keys_command() {
  return {.name = "data keys", .says = "explain every key of dataset.yaml", .positionals = {}, .flags = {}, .run = run};
}

}  // namespace bw
