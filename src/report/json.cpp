// One table a struct: the fields of report.json with what each means.
#include "report/json.h"

#include "base/version.h"
#include "report/field.h"

namespace bw::form {
namespace {

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<double> if_finite(const std::optional<double>& number) {
  return number && std::isfinite(*number) ? number : std::nullopt;
}

// The interval's ends are there together or not at all.
std::optional<double> end_of(const Figure& figure, double Interval::* end) {
  const std::optional<Interval>& interval = figure.interval;
  if (!if_finite(figure.value) || !interval || !std::isfinite(interval->low) || !std::isfinite(interval->high))
    return {};
  return (*interval).*end;
}

std::optional<std::string> reason_of(const Figure& figure) {
  if (if_finite(figure.value)) return std::nullopt;
  if (figure.value) return "The result is not a finite number.";
  return figure.reason.empty() ? "It was not measured." : figure.reason;
}

// Parts that report.json groups into objects of their own.
struct Generator {};
struct ModelPart {
  const ModelFindings& of;
};
struct DatasetPart {
  const ModelFindings& of;
};
struct RunnerUp {
  std::string candidate, sentence;
};

}  // namespace

template <class E>
  requires std::is_enum_v<E>
struct Form<E> {
  static std::vector<std::string_view> words() {
    if constexpr (std::is_same_v<E, Unit>) return words_up_to(Unit::BytesPerSecond);
    if constexpr (std::is_same_v<E, Verdict>) return words_up_to(Verdict::Inconclusive);
    if constexpr (std::is_same_v<E, Status>) return words_up_to(Status::Timeout);
  }
  static Json write(E value) { return name_of(value); }
  static Json schema(Json&) { return {{"type", "string"}, {"enum", words()}}; }
};

template <>
struct Table<Figure> {
  static constexpr std::string_view kName = "Figure";
  static std::vector<Field<Figure>> fields() {
    return {
        field<Figure>("value", "the measured number; null when it could not be measured",
                      [](const Figure& f) { return if_finite(f.value); }),
        field<Figure>("low", "lower end of the 95 % interval; null when the figure is not an estimate",
                      [](const Figure& f) { return end_of(f, &Interval::low); }),
        field<Figure>("high", "upper end of the 95 % interval",
                      [](const Figure& f) { return end_of(f, &Interval::high); }),
        field<Figure>("n", "samples or timed runs behind it", &Figure::n),
        field<Figure>("unit", "how the number is to be read; a fraction is a share of a whole, from 0 to 1",
                      &Figure::unit),
        field<Figure>("reason", "why value is null; null where value is a number", reason_of),
    };
  }
  static Json rule() {
    const auto types = [](const char* value, const char* reason) {
      return Json{{"properties", {{"value", {{"type", value}}}, {"reason", {{"type", reason}}}}}};
    };
    return {{"oneOf", Json::array({types("number", "null"), types("null", "string")})}};
  }
};

template <>
struct Table<ModelFigures> {
  static constexpr std::string_view kName = "Metrics";
  static std::vector<Field<ModelFigures>> fields() {
    using T = ModelFigures;
    return {
        field<T>("accuracy", "the data set's first metric; without labels what is kept of the float model's outputs",
                 &T::accuracy),
        field<T>("inference_time", "median of one inference", &T::inference_time),
        field<T>("memory_usage", "peak resident set of the worker process", &T::memory_usage),
        field<T>("model_size", "bytes of all files that must be shipped", &T::model_size),
        field<T>("compression_ratio", "this size over the float model's", &T::compression_ratio),
        field<T>("hardware_utilization", "CPU time over wall time times cores", &T::hardware_utilization),
    };
  }
};

template <>
struct Table<LatencyFigures> {
  static constexpr std::string_view kName = "Latency";
  static std::vector<Field<LatencyFigures>> fields() {
    using T = LatencyFigures;
    return {
        field<T>("p50", "median of one inference", &T::p50),
        field<T>("p90", "90th percentile", &T::p90),
        field<T>("p99", "99th percentile", &T::p99),
        field<T>("load_time", "from the file to a session that is ready to run", &T::load_time),
    };
  }
};

template <>
struct Table<LatencyComparison> {
  static constexpr std::string_view kName = "LatencyComparison";
  static std::vector<Field<LatencyComparison>> fields() {
    using T = LatencyComparison;
    return {
        field<T>("ratio", "quantized time over original time, run in turn, over all visits; below 1 is faster",
                 &T::ratio),
        field<T>("verdict", "of the candidate compared with the float model", &T::verdict),
        field<T>("original", "times of the float model, measured beside the candidate", &T::original),
        field<T>("quantized", "times of the candidate", &T::quantized),
        field<T>("timed_with", "candidates of the same structure, which share these times", &T::timed_with),
    };
  }
};

template <>
struct Table<MetricFindings> {
  static constexpr std::string_view kName = "MetricComparison";
  static std::vector<Field<MetricFindings>> fields() {
    using T = MetricFindings;
    return {
        field<T>("name", "top1, f1, perplexity, ...", &T::name),
        field<T>("output", "the model's output that it is about; null for a metric of the user's own",
                 [](const T& m) { return unless_empty(m.output); }),
        word_field<T>("direction", "which way is better",
                      [](const T& m) { return std::string(m.higher_is_better ? "higher" : "lower"); },
                      {"higher", "lower"}),
        field<T>("original", "of the float model", &T::original),
        field<T>("quantized", "of the candidate", &T::quantized),
        field<T>("difference", "quantized minus original, paired by sample", &T::difference),
        field<T>("verdict", "of the candidate compared with the float model", &T::verdict),
    };
  }
};

template <>
struct Table<McNemarTest> {
  static constexpr std::string_view kName = "McNemar";
  static std::vector<Field<McNemarTest>> fields() {
    return {
        field<McNemarTest>("b", "samples that only the float model has right", &McNemarTest::b),
        field<McNemarTest>("c", "samples that only the candidate has right", &McNemarTest::c),
        field<McNemarTest>("p", "two-sided, exact", &McNemarTest::p),
    };
  }
};

template <>
struct Table<OutputFindings> {
  static constexpr std::string_view kName = "OutputComparison";
  static std::vector<Field<OutputFindings>> fields() {
    using T = OutputFindings;
    return {
        field<T>("name", "of the model's output", &T::name),
        word_field<T>("measure",
                      "by what it is compared with the float model's: agreement of class scores and integers, "
                      "fidelity of other numbers",
                      [](const T& o) { return o.measure; }, {"agreement", "fidelity"}),
        field<T>("decides",
                 "whether accuracy_retention is about it where there are no labels: the worst of those decides",
                 &T::decides),
        field<T>("agreement", "share of answers that are the float model's own", &T::agreement),
        field<T>("sqnr", "signal over error, in decibels", &T::sqnr),
        field<T>("fidelity",
                 "1 - error relative to the output's own spread (root mean square, each part of its last concatenation "
                 "by its own spread), at least 0",
                 &T::fidelity),
        field<T>("elements", "over all samples", &T::elements),
        field<T>("not_finite", "elements that are NaN or infinite, more than the float model's", &T::not_finite),
        field<T>("not_finite_samples", "in how many samples", &T::not_finite_samples),
        field<T>("resized_samples", "samples with more or fewer elements than the float model gives",
                 &T::resized_samples),
    };
  }
};

template <>
struct Table<AccuracyComparison> {
  static constexpr std::string_view kName = "AccuracyComparison";
  static std::vector<Field<AccuracyComparison>> fields() {
    using T = AccuracyComparison;
    return {
        field<T>("metrics", "by labels; empty without them", &T::metrics),
        field<T>("mcnemar", "exact test on the first metric's hits and misses", &T::mcnemar),
        field<T>("agreement", "of the output that is compared worst", &T::agreement),
        field<T>("sqnr", "of the output that is compared worst", &T::sqnr),
        field<T>("outputs", "each output beside the float model's", &T::outputs),
        field<T>("decided_by", "what accuracy_retention is of: the first metric's name, agreement or fidelity",
                 [](const T& a) { return unless_empty(a.decided_by); }),
        field<T>("decided_on", "the output that decided; null for a metric of the user's own",
                 [](const T& a) { return unless_empty(a.decided_on); }),
    };
  }
};

template <>
struct Table<AchievedRates> {
  static constexpr std::string_view kName = "Achieved";
  static std::vector<Field<AchievedRates>> fields() {
    using T = AchievedRates;
    return {
        field<T>("operations", "operations per second", &T::operations),
        field<T>("bytes", "bytes per second", &T::bytes),
        field<T>("operations_of_peak", "share of the machine's measured peak", &T::operations_of_peak),
        field<T>("bytes_of_peak", "share of the machine's measured peak", &T::bytes_of_peak),
    };
  }
};

template <>
struct Table<ShippedFile> {
  static constexpr std::string_view kName = "ShippedFile";
  static std::vector<Field<ShippedFile>> fields() {
    using T = ShippedFile;
    return {
        field<T>("path", "relative to the folder of report.json", &T::path),
        field<T>("bytes", "size of the file", &T::bytes),
        field<T>("sha256", "64 hexadecimal digits", &T::sha256),
    };
  }
};

template <>
struct Table<ArtifactFile> {
  static constexpr std::string_view kName = "Artifact";
  static std::vector<Field<ArtifactFile>> fields() {
    using T = ArtifactFile;
    return {
        field<T>("path", "of the model, relative to the folder of report.json", &T::path),
        field<T>("bytes", "of all files", &T::bytes),
        field<T>("sha256", "of the model's own file, 64 hexadecimal digits", &T::sha256),
        field<T>("files", "all that must be shipped, the model's own first", &T::files),
    };
  }
};

template <>
struct Table<FloatNode> {
  static constexpr std::string_view kName = "FloatNode";
  static std::vector<Field<FloatNode>> fields() {
    using T = FloatNode;
    return {
        field<T>("node", "name of the node", &T::node),
        field<T>("op", "its operator", &T::op),
        field<T>("reason", "why it stayed in float", &T::reason),
    };
  }
};

template <>
struct Table<Seconds> {
  static constexpr std::string_view kName = "Seconds";
  static std::vector<Field<Seconds>> fields() {
    return {
        field<Seconds>("calibrate", "time spent", &Seconds::calibrate),
        field<Seconds>("quantize", "time spent", &Seconds::quantize),
        field<Seconds>("evaluate", "time spent", &Seconds::evaluate),
        field<Seconds>("latency", "time spent", &Seconds::latency),
    };
  }
};

template <>
struct Table<CandidateFindings> {
  static constexpr std::string_view kName = "Candidate";
  static std::vector<Field<CandidateFindings>> fields() {
    using T = CandidateFindings;
    return {
        field<T>("name",
                 "unique within its model; the folder's name under candidates/, and behind @ the runtime where that is "
                 "not the first one",
                 &T::name),
        field<T>("recipe", "a chain of methods with parameters", &T::recipe),
        field<T>("method", "group of methods: ptq_8bit, ptq_4bit, dynamic, mixed_precision, half, ...", &T::method),
        field<T>("target", "where it is to run, as the catalog of targets has it", &T::target),
        field<T>("hardware_target", "the requirement's name of it: cpu, mps, ane, all", &T::hardware_target),
        field<T>("runtime", "in which it was measured, as the catalog of runtimes has it", &T::runtime),
        field<T>("status",
                 "ok: measured, an option; not_better: of no use; refused: cannot be made; "
                 "worker_died, timeout: the runtime failed",
                 &T::status),
        field<T>("reason", "one sentence, for every status but ok", [](const T& c) { return unless_empty(c.reason); }),
        field<T>("command", "command line that makes this candidate alone",
                 [](const T& c) { return unless_empty(c.command); }),
        field<T>("notes", "fallbacks taken, warnings; whole sentences", &T::notes),
        field<T>("artifact", "what to ship", &T::artifact),
        field<T>("original_metrics", "of the float model, as measured beside this candidate", &T::original),
        field<T>("quantized_metrics", "of the candidate", &T::quantized),
        field<T>("accuracy_retention",
                 "quantized over original accuracy (where lower is better: original over quantized); where labels say "
                 "nothing, agreement or fidelity",
                 &T::accuracy_retention),
        field<T>("speedup_factor", "original time over quantized time; above 1 is faster", &T::speedup_factor),
        field<T>("memory_reduction", "1 - quantized over original peak memory; negative if it grew",
                 &T::memory_reduction),
        field<T>("latency", "times, compared with the float model", &T::latency),
        field<T>("accuracy", "answers, compared with the float model", &T::accuracy),
        field<T>("achieved", "what its kernels reach on this machine", &T::achieved),
        field<T>("float_nodes", "nodes kept in float", &T::float_nodes),
        field<T>("layers_quantized", "nodes that were quantized", &T::layers_quantized),
        field<T>("layers_total", "nodes that have weights or could be quantized", &T::layers_total),
        field<T>("seconds", "wall time of each step", &T::seconds),
    };
  }
};

template <>
struct Table<Constraints> {
  static constexpr std::string_view kName = "Constraints";
  static std::vector<Field<Constraints>> fields() {
    using T = Constraints;
    return {
        field<T>("accuracy_threshold", "least accuracy_retention", &T::accuracy_threshold),
        field<T>("least_gain", "least gain in time or size that makes a candidate an option", &T::least_gain),
        field<T>("max_latency_ratio", "highest ratio of latency", &T::max_latency_ratio),
        field<T>("max_size", "most bytes", &T::max_size),
    };
  }
};

template <>
struct Table<Control> {
  static constexpr std::string_view kName = "Control";
  static std::vector<Field<Control>> fields() {
    using T = Control;
    return {
        field<T>("ratio", "the float model timed against itself, inside every comparison", &T::ratio),
        field<T>("verdict", "anything but same means that the machine was too noisy", &T::verdict),
        field<T>("smallest_effect", "smallest change of latency that may be claimed; 0.02 is 2 %", &T::smallest_effect),
        field<T>("disturbance", "how busy others kept the machine; null when they were hardly in the way",
                 [](const T& c) { return unless_empty(c.disturbance); }),
    };
  }
};

template <>
struct Table<RunnerUp> {
  static constexpr std::string_view kName = "RunnerUp";
  static std::vector<Field<RunnerUp>> fields() {
    return {
        field<RunnerUp>("candidate", "its name", &RunnerUp::candidate),
        field<RunnerUp>("sentence", "what speaks for it", &RunnerUp::sentence),
    };
  }
};

template <>
struct Table<Recommendation> {
  static constexpr std::string_view kName = "Recommendation";
  static std::vector<Field<Recommendation>> fields() {
    using T = Recommendation;
    return {
        field<T>("candidate", "what to ship; null: the float model", &T::candidate),
        field<T>("sentence", "why", &T::sentence),
        field<T>("runners_up", "other good choices, best first",
                 [](const T& r) {
                   std::vector<RunnerUp> list;
                   for (const auto& [candidate, sentence] : r.runners_up) list.push_back({candidate, sentence});
                   return list;
                 }),
    };
  }
};

template <>
struct Table<ModelPart> {
  static constexpr std::string_view kName = "Model";
  static std::vector<Field<ModelPart>> fields() {
    using T = ModelPart;
    return {
        field<T>("name", "file name without extension", [](const T& m) { return m.of.name; }),
        field<T>("path", "as given", [](const T& m) { return m.of.path; }),
        field<T>("bytes", "of the file and its external data", [](const T& m) { return m.of.bytes; }),
        field<T>("sha256", "of the file", [](const T& m) { return m.of.sha256; }),
        field<T>("runtime", "in which it was measured; all candidates are compared with it there",
                 [](const T& m) { return m.of.runtime; }),
        field<T>("opset", "version of ONNX's operator set", [](const T& m) { return m.of.opset; }),
        field<T>("nodes", "how many", [](const T& m) { return m.of.nodes; }),
        field<T>("parameters", "how many weights", [](const T& m) { return m.of.architecture.parameters; }),
        word_field<T>("architecture_type", "what kind of network it is",
                      [](const T& m) { return m.of.architecture.type; },
                      {"transformer", "cnn", "rnn", "mlp", "mixed", "other"}),
        field<T>("quantization_compatibility", "by group of methods: has the target kernels for it",
                 [](const T& m) { return m.of.compatibility; }),
        field<T>("recommended_methods", "recipes, best first",
                 [](const T& m) { return m.of.recommended_methods; }),
        field<T>("notes", "what was done to it before anything else; whole sentences",
                 [](const T& m) { return m.of.notes; }),
    };
  }
};

template <>
struct Table<DatasetPart> {
  static constexpr std::string_view kName = "Dataset";
  static std::vector<Field<DatasetPart>> fields() {
    using T = DatasetPart;
    return {
        field<T>("name", "name of the folder or file", [](const T& d) { return d.of.dataset_name; }),
        field<T>("path", "as given", [](const T& d) { return d.of.dataset_path; }),
        field<T>("task", "classification, regression, language-modelling, embedding-similarity, outputs",
                 [](const T& d) { return d.of.task; }),
        field<T>("metric", "what accuracy is: the labels' first metric; without labels agreement or fidelity",
                 [](const T& d) { return d.of.metric; }),
        field<T>("calibration_samples", "how many were used", [](const T& d) { return d.of.calibration_samples; }),
        field<T>("evaluation_samples", "how many were used", [](const T& d) { return d.of.evaluation_samples; }),
        field<T>("doubts", "why the labels say nothing of this model, and what fits it better; empty: they do",
                 [](const T& d) { return d.of.doubts; }),
        field<T>("guessed", "what the user did not say; whole sentences", [](const T& d) { return d.of.guessed; }),
    };
  }
};

template <>
struct Table<ModelFindings> {
  static constexpr std::string_view kName = "ModelReport";
  static std::vector<Field<ModelFindings>> fields() {
    using T = ModelFindings;
    return {
        field<T>("model", "the float model", [](const T& m) { return ModelPart{m}; }),
        field<T>("dataset", "what it was calibrated and evaluated with", [](const T& m) { return DatasetPart{m}; }),
        field<T>("original_metrics", "of the float model; null without a baseline", &T::original),
        field<T>("control", "what this run can tell apart", &T::control),
        field<T>("candidates", "in the order they were made", &T::candidates),
        field<T>("pareto", "names that no other candidate beats in accuracy, latency and size at once", &T::pareto),
        field<T>("recommended", "what to ship", &T::recommended),
    };
  }
};

template <>
struct Table<Environment> {
  static constexpr std::string_view kName = "Environment";
  static std::vector<Field<Environment>> fields() {
    using T = Environment;
    return {
        field<T>("cpu", "its name", &T::cpu),
        field<T>("flags", "those that decide which kernels run", &T::flags),
        field<T>("cores", "that the program may use", &T::cores),
        field<T>("memory_bytes", "that the program may use", &T::memory_bytes),
        field<T>("kernel", "of the operating system", &T::kernel),
        field<T>("bitwright", "version", &T::bitwright),
        field<T>("runtimes", "name and version", &T::runtimes),
        field<T>("threads", "of one inference", &T::threads),
        field<T>("seed", "of everything random", &T::seed),
    };
  }
};

template <>
struct Table<Generator> {
  static constexpr std::string_view kName = "Generator";
  static std::vector<Field<Generator>> fields() {
    return {
        field<Generator>("name", "the program", [](const Generator&) { return std::string("bitwright"); }),
        field<Generator>("version", "of the program", [](const Generator&) { return std::string(kVersion); }),
    };
  }
};

template <>
struct Table<Findings> {
  static constexpr std::string_view kName = "Report";
  static std::vector<Field<Findings>> fields() {
    using T = Findings;
    return {
        constant_field<T>("version", "of this format", 1),
        field<T>("generator", "what wrote the report", [](const T&) { return Generator{}; }),
        field<T>("created", "RFC 3339, UTC", &T::created),
        field<T>("command", "the command line of the run", &T::command),
        field<T>("environment", "the machine and the software", &T::environment),
        field<T>("constraints", "what a candidate must hold to be recommended", &T::constraints),
        field<T>("models", "in the order of the command line", &T::models),
    };
  }
};

}  // namespace bw::form

namespace bw {

Json to_json(const Findings& findings) {
  return form::Form<Findings>::write(findings);
}

Json report_schema() {
  Json definitions = Json::object();
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "report.json of bitwright, version 1"},
              {"description",
               "Every field is always present; null means that it does not apply or was not measured. "
               "Times in seconds, sizes in bytes, shares from 0 to 1."}};
  schema.update(form::Form<Findings>::object_schema(definitions));
  schema["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace bw
