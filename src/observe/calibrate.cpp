#include "observe/calibrate.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "format/format.h"
#include "run/feeding.h"
#include "run/memory.h"
#include "run/runtime.h"
#include "run/worker.h"
#include "tensor/convert.h"

namespace bw {
namespace {

enum RequestFile { kModel, kData, kNeeds };

// --- inside the worker
// ------------------------------------------------------------------------------------------------

struct Kept {
  std::vector<float> values;
  Shape shape;
};

// What a mask leaves of a value: positions along the first axis from `first` on that has the mask's length.
std::optional<Kept> without_padding(std::span<const float> values, const Shape& shape, const Tensor& mask,
                                    std::ptrdiff_t first) {
  if (!mask) return std::nullopt;
  const auto length = static_cast<std::int64_t>(mask.size());
  const auto axis = std::find(shape.begin() + std::min<std::ptrdiff_t>(first, std::ssize(shape)), shape.end(), length);
  if (axis == shape.end()) return std::nullopt;
  const std::span<const bool> keep = mask.data<bool>();
  const std::size_t inner = element_count(std::span(axis + 1, shape.end()));
  Kept kept{{}, shape};
  for (std::size_t at = 0, position = 0; at < values.size(); at += inner, position = (position + 1) % keep.size())
    if (keep[position]) kept.values.insert(kept.values.end(), values.begin() + at, values.begin() + at + inner);
  kept.shape[static_cast<std::size_t>(axis - shape.begin())] = std::count(keep.begin(), keep.end(), true);
  return kept;
}

void observe(ValueEvidence& evidence, const Tensor& value, const Sample& sample, std::size_t position) {
  if (!info(value.dtype()).is_float)
    throw Error(ErrorKind::Calibration,
                fmt::format("is {}, only float values can be calibrated", name_of(value.dtype())), evidence.name());
  std::vector<float> converted;
  if (value.dtype() != DType::Float32) converted = to_floats(value);
  const std::span<const float> values =
      converted.empty() && value.size() ? value.data<float>() : std::span<const float>(converted);
  if (const auto kept = without_padding(values, value.shape(), sample.mask, batch_comes_first(sample) ? 1 : 0))
    evidence.add(kept->values, kept->shape, position);
  else
    evidence.add(values, value.shape(), position);
}

// One thread's part: its own Evidence, found by tap without a look-up.
struct Part {
  Evidence evidence;
  std::vector<ValueEvidence*> by_tap;

  Part(const Needs& needs, const std::vector<std::string>& taps) : evidence(needs) {
    for (const std::string& name : taps) by_tap.push_back(&evidence.value(name));
  }
};

void show(Runner& runner, ElementOrder order, Part& part, const SampleGroup& group) {
  // Which part of an inner value is whose is known where the first axis counts the samples; else it is looked at whole.
  const std::size_t parts = batch_comes_first(group.samples.front()) ? group.samples.size() : 1;
  const TapSink sink = [&](std::size_t tap, const Tensor& value) {
    for (std::size_t i = 0; i < parts; ++i) {
      const Sample& sample = group.samples[i];
      try {
        observe(*part.by_tap[tap], parts == 1 ? value : part_of(value, i, group.samples), sample, group.first + i);
      } catch (const Error& error) {
        throw error.within(sample.id);
      }
    }
  };
  try {
    runner.run(inputs_of(group.samples, runner), sink, order);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Calibration) throw;
    throw error.within(group.samples.front().id);
  }
}

void run_group(Runner& runner, ElementOrder order, Part& part, const SampleGroup& group) {
  if (std::ranges::any_of(group.samples, [](const Sample& sample) { return sample.mask.defined(); }))
    order = ElementOrder::Plain;
  try {
    show(runner, order, part, group);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Calibration && order == ElementOrder::Any)
      show(runner, ElementOrder::Plain, part, group);  // throws it with the element's index in the plain order
    throw;
  }
}

// Gives memory back to the system as soon as it is free, which takes time that calibration has and measuring has not.
void keep_memory_low() {
  constexpr int kBytes = 1 << 17;
  ::mallopt(M_MMAP_THRESHOLD, kBytes);
  ::mallopt(M_TRIM_THRESHOLD, kBytes);
}

// `beside`: files that the model names.
std::unique_ptr<Runner> load_tapped(const Runtime& runtime, std::vector<SharedBytes> files,
                                    const std::vector<std::string>& beside, const LoadOptions& options) {
  ModelFile model{{}, files[kModel].bytes(), std::move(files[kData]), {beside.begin(), beside.end()}};
  if (!beside.empty()) model.path = model.files.front().parent_path() / "model";
  return runtime.load(std::move(model), options);
}

JobResult run_calibrate(JobContext& context) {
  keep_memory_low();
  const Json request = context.request();
  std::vector<SharedBytes> files = context.take_files();
  const Needs needs = Evidence::from_bytes(files[kNeeds].bytes()).needs();
  LoadOptions options;
  options.taps = request.at("taps").get<std::vector<std::string>>();
  options.tap_order = request.at("any_order").get<bool>() ? ElementOrder::Any : ElementOrder::Plain;
  context.stage("load");
  const auto runner = load_tapped(runtime_named(request.at("runtime").get<std::string>()), std::move(files),
                                  request.at("beside").get<std::vector<std::string>>(), options);
  ::malloc_trim(0);  // what loading took
  const std::size_t batch = batch_of(*runner, context.peek());
  const int threads = needs.samples_in_order() ? 1 : request.at("threads").get<int>();
  std::deque<Part> parts;
  for (int i = 0; i < threads; ++i) parts.emplace_back(needs, options.taps);
  context.stage("run");
  std::atomic<std::size_t> used = 0, rest = 0;
  for_each_group(context, threads, batch, [&](int thread, const SampleGroup& group) {
    if (group.samples.size() < batch) {
      rest += group.samples.size();
      return;
    }
    run_group(*runner, options.tap_order, parts[static_cast<std::size_t>(thread)], group);
    used += batch;
  });
  for (; parts.size() > 1; parts.pop_back()) parts[0].evidence.merge(parts.back().evidence);
  SharedBytes evidence = SharedBytes::written_by([&](const ByteSink& sink) {
    ByteWriter out(sink);
    parts[0].evidence.give_away(out);
    out.flush();
  });
  const MemoryUse memory = memory_use();
  return {to_line({{"used", used.load()}, {"rest", rest.load()}, {"peak", memory.peak - memory.file_backed}}),
          {},
          std::move(evidence)};
}

// --- the parent
// -------------------------------------------------------------------------------------------------------

// The values in the order in which the graph computes them, so that none waits in memory for another to be shown.
std::vector<std::string> taps_of(const Graph& graph, const Needs& needs) {
  std::vector<std::string> taps;
  const auto add = [&](ValueId id) {
    if (id != kNoValue && needs.by_value.contains(graph.value(id).name)) taps.push_back(graph.value(id).name);
  };
  for (const ValueId id : graph.inputs) add(id);
  for (const Node& node : graph.nodes) std::ranges::for_each(node.outputs, add);
  if (taps.size() != needs.by_value.size())
    throw Error(ErrorKind::Internal,
                "calibration was asked for a constant or for a value that the graph does not have");
  return taps;
}

JobResult calibrated(const Graph& graph, SharedSamples& samples, const Needs& needs, const CalibrateOptions& options) {
  Worker worker(options.worker);
  const Runtime& runtime = available_runtime(options.runtime);
  bool loaded = false;  // the worker asks for samples when it has loaded the model
  const auto run = [&](bool any_order) {
    const Detached model = format_named(runtime.format).detach(graph);
    std::vector<std::string> beside;
    for (const fs::path& file : model.files) beside.push_back(file.string());
    JobRequest request{"calibrate",
                       to_line({{"threads", options.threads},
                                {"runtime", runtime.name},
                                {"beside", beside},
                                {"taps", taps_of(graph, needs)},
                                {"any_order", any_order}}),
                       {},
                       [&loaded, feed = samples.feed()] { return loaded = true, feed(); }};
    request.files = {SharedBytes(as_bytes(model.model)), SharedBytes(model.parts),
                     SharedBytes(Evidence(needs).to_bytes())};
    return worker.run(std::move(request));
  };
  if (needs.elements_in_order()) return run(false);
  try {
    return run(true);
  } catch (const Error& error) {
    if (loaded || error.kind() == ErrorKind::Worker || error.kind() == ErrorKind::Timeout) throw;
    return run(false);  // a runtime may refuse the model in this order only; the plain one gives the same result
  }
}

}  // namespace

Calibration calibrate(const Graph& graph, SharedSamples& samples, const Needs& needs, const CalibrateOptions& options) {
  const double begin = seconds_now();
  Calibration result;
  if (needs.empty()) return result;
  if (samples.size() == 0)
    throw Error(ErrorKind::Calibration, "there are no calibration samples", {},
                "Give data with a calibration split (--data)");
  const JobResult answer = calibrated(graph, samples, needs, options);
  std::size_t rest = 0;
  read_result(answer, [&](const Json& figures) {
    result.evidence = Evidence::from_bytes(answer.file.bytes());
    result.samples = figures.at("used").get<std::size_t>();
    result.peak_memory = figures.at("peak").get<std::uint64_t>();
    rest = figures.at("rest").get<std::size_t>();
  });
  if (result.evidence.needs() != needs)
    throw Error(ErrorKind::Worker, "the worker's evidence is not what was asked for");
  if (result.samples == 0)
    throw Error(ErrorKind::Calibration,
                fmt::format("{} calibration samples do not fill the model's fixed batch", samples.size()), {},
                "Give more calibration samples, or export the model with a free batch dimension");
  if (rest > 0)
    result.notes.push_back(
        fmt::format("The last {} calibration samples do not fill the model's fixed batch and were left out.", rest));
  if (samples.size() < options.wanted)
    result.notes.push_back(fmt::format("Calibrated with {} samples instead of {}: the calibration split has no more.",
                                       samples.size(), options.wanted));
  result.seconds = seconds_now() - begin;
  return result;
}

Job calibrate_job() {
  return {"calibrate", run_calibrate};
}

}  // namespace bw
