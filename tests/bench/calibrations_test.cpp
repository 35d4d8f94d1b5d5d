// Passes over the calibration samples: when one serves, and when there must be another.
#include "bench/calibrations.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "measure/small_data.h"
#include "observe/statistics/moments.h"
#include "observe/statistics/range.h"

using namespace bw;

namespace {

Needs needs_of(std::vector<std::string> values, std::string_view kind = RangeStatistic::kName) {
  Needs needs;
  for (const std::string& value : values) needs.add(value, {kind});
  return needs;
}

// A classifier of four numbers with 24 samples.
struct Place {
  test::Case data{24};
  LoadedModel model = load_model(data.save(test::kWeights, "m.onnx"));
  Dataset dataset = opened();
  Checkpoint nothing_kept;
  Calibrations calibrations{model, dataset, {.samples = 10, .runtime = "onnxruntime"}, nothing_kept};

  Dataset opened() const {
    test::dataset_of(data.folder, data.graph, data.x, data.y);
    OpenOptions open;
    open.allow_overlap = true;
    return open_data_for(model, data.folder.path() / "samples.npz", open);
  }
};

}  // namespace

TEST_CASE("a pass serves all who want to see no more than it saw", "[calibrations]") {
  Place place;
  const Graph& graph = place.model.prepared;
  const Calibration& both = place.calibrations.of(graph, needs_of({"x", "logits"}));
  CHECK(&place.calibrations.of(graph, needs_of({"x"})) == &both);
  CHECK(&place.calibrations.of(Graph(graph), needs_of({"logits"})) == &both);
  const Calibration& other = place.calibrations.of(graph, needs_of({"x"}, MomentsStatistic::kName));
  CHECK(&other != &both);
  CHECK(other.evidence.has("x"));
  CHECK_FALSE(other.evidence.has("logits"));
}

TEST_CASE("another graph is looked at anew", "[calibrations]") {
  Place place;
  const Calibration& plain = place.calibrations.of(place.model.prepared, needs_of({"logits"}));
  const Graph doubled = edited(place.model.prepared, std::vector<Edit>{ScaleConstant{"w", 0, {2, 2, 2, 2}}});
  const Calibration& twice = place.calibrations.of(doubled, needs_of({"logits"}));
  const Range before = plain.evidence.value("logits").get<RangeStatistic>().range(),
              after = twice.evidence.value("logits").get<RangeStatistic>().range();
  CHECK(after.high == 2 * before.high);
  CHECK(after.low == 2 * before.low);
}

TEST_CASE("what a recipe looked at is written down, each pass once", "[calibrations]") {
  Place place;
  const Graph& graph = place.model.prepared;
  Looks looks(&place.calibrations);
  Provenance provenance;
  looks.note_in(provenance);
  CHECK(provenance.data_hash.empty());
  CHECK(looks.seconds() == 0);
  looks.evidence(graph, needs_of({"x"}));
  looks.evidence(graph, needs_of({"x"}));
  CHECK(looks.seconds() == place.calibrations.of(graph, needs_of({"x"})).seconds);
  CHECK(looks.samples() == 10);
  looks.note_in(provenance);
  CHECK(provenance.samples == 10);
  CHECK(provenance.data_hash == place.dataset.description()["sha256"].get<std::string>());
}

TEST_CASE("a glance shows what a pass shows, takes its time, and is kept nowhere", "[calibrations]") {
  Place place;
  const Graph& graph = place.model.prepared;
  Looks looks(&place.calibrations);
  const Evidence seen = looks.glance(graph, needs_of({"logits"}));
  CHECK(looks.seconds() > 0);
  CHECK(looks.waited() == looks.seconds());
  CHECK(looks.peak_memory() > 0);
  CHECK(!looks.any());
  CHECK(seen == looks.evidence(graph, needs_of({"logits"})));
}
