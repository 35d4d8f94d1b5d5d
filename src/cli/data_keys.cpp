// bitwright data keys: every key of dataset.yaml. docs/dataset.md is what it prints.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/catalog.h"
#include "cli/output.h"
#include "data/spec.h"

namespace bw {
namespace {

int run(const Invocation& invocation) {
  if (!invocation.json) return put(dataset_page()), 0;
  Json keys = Json::array();
  for (const DatasetKey& key : dataset_keys())
    keys.push_back(
        {{"where", key.where}, {"key", key.name}, {"value", key.type}, {"default", key.standard}, {"says", key.says}});
  put(to_text(keys));
  return 0;
}

}  // namespace

Command data_keys_command() {
  return {.name = "data keys",
          .says = "explain every key of dataset.yaml",
          .positionals = {},
          .flags = {},
          .run = run,
          .example = "bitwright data keys"};
}

}  // namespace bw
