// One table a struct: the fields of an explanation with what each means.
#include "report/explanation.h"
#include "report/field.h"
#include "report/json.h"

namespace bw::form {
namespace {

struct Edge {
  std::size_t from, to;
};

struct VisitedSeconds {
  Figure figure;
};

std::optional<double> end_of(const VisitedSeconds& seconds, double Interval::* end) {
  const std::optional<Interval>& visits = seconds.figure.interval;
  return visits ? std::optional((*visits).*end) : std::nullopt;
}

// A member that is a figure of seconds.
template <class T>
auto seconds_of(Figure T::* member) {
  return [member](const T& of) { return VisitedSeconds{of.*member}; };
}

}  // namespace

template <>
struct Table<Likeness> {
  static constexpr std::string_view kName = "Likeness";
  static std::vector<Field<Likeness>> fields() {
    using T = Likeness;
    return {
        field<T>("sqnr", "signal over error in decibels; null when there is no error",
                 [](const T& t) { return std::optional(t.sqnr); }),
        field<T>("cosine", "of both values, over all samples", &T::cosine),
        field<T>("not_finite", "elements that are no numbers where the float model's are", &T::not_finite),
    };
  }
};

template <>
struct Table<OutputLikeness> {
  static constexpr std::string_view kName = "Output";
  static std::vector<Field<OutputLikeness>> fields() {
    using T = OutputLikeness;
    return {field<T>("name", "of the model's output", &T::name),
            field<T>("likeness", "to the float model's", &T::likeness)};
  }
};

template <>
struct Table<WeightCodes> {
  static constexpr std::string_view kName = "Weight";
  static std::vector<Field<WeightCodes>> fields() {
    using T = WeightCodes;
    return {
        field<T>("bits", "of a code; 32 where the weight is floats", &T::bits),
        field<T>("scales", "how many the weight has", &T::scales),
        field<T>("used", "share of the codes that there are", &T::used),
        field<T>("noise", "squared error over the float weight's power", &T::noise),
        field<T>("gain", "factor of the float weight that comes nearest to what the codes mean", &T::gain),
        field<T>("outlier", "largest magnitude over the root mean square", &T::outlier),
        field<T>("spread", "largest magnitude of the widest output channel over that of the median one", &T::spread),
        field<T>("rescaled", "by channel, against values that are scaled too: the layer cannot be compared alone",
                 &T::rescaled),
        field<T>("saturating_pairs", "neighbours whose products with u8 can leave 16 bits on CPUs without VNNI",
                 &T::saturating_pairs),
    };
  }
};

template <>
struct Table<RoundedValue> {
  static constexpr std::string_view kName = "Rounded";
  static std::vector<Field<RoundedValue>> fields() {
    using T = RoundedValue;
    return {
        field<T>("value", "its name in the float model", &T::value),
        field<T>("input", "whether the layer reads it; else it makes it", &T::input),
        field<T>("bits", "of a code", &T::bits),
        field<T>("clipped", "share of the elements beyond the range", &T::clipped),
        field<T>("used", "share of the codes that there are", &T::used),
        field<T>("noise", "squared error over the value's power", &T::noise),
        field<T>("clip_noise", "the part of it that clipped elements have", &T::clip_noise),
        field<T>("outlier", "largest magnitude over the root mean square", &T::outlier),
        field<T>("spread", "largest magnitude of the widest channel over that of the median one", &T::spread),
    };
  }
};

template <>
struct Table<VisitedSeconds> {
  static constexpr std::string_view kName = "Seconds";
  static std::vector<Field<VisitedSeconds>> fields() {
    using T = VisitedSeconds;
    return {
        field<T>("value", "of one run, the median of several visits; null where the runtime shows no such node",
                 [](const T& t) { return t.figure.value; }),
        field<T>("low", "the least of the visits", [](const T& t) { return end_of(t, &Interval::low); }),
        field<T>("high", "the most of the visits", [](const T& t) { return end_of(t, &Interval::high); }),
    };
  }
};

template <>
struct Table<LayerTime> {
  static constexpr std::string_view kName = "LayerTime";
  static std::vector<Field<LayerTime>> fields() {
    using T = LayerTime;
    return {
        field<T>("original", "in the float model", seconds_of(&T::original)),
        field<T>("quantized", "in the quantized model, with conversions around the layer", seconds_of(&T::quantized)),
        field<T>("kernel", "that ran in the quantized model; empty where it is not shown", &T::kernel),
        field<T>("in_float", "why it ran in float though it stands between codes; empty where it did not",
                 &T::in_float),
    };
  }
};

template <>
struct Table<ModelTime> {
  static constexpr std::string_view kName = "ModelTime";
  static std::vector<Field<ModelTime>> fields() {
    using T = ModelTime;
    return {field<T>("original", "of all nodes of the float model", seconds_of(&T::original)),
            field<T>("quantized", "of all nodes of the quantized model", seconds_of(&T::quantized)),
            field<T>("conversions", "of its conversions between floats and codes", seconds_of(&T::conversions))};
  }
};

template <>
struct Table<Neighbourhood::Node> {
  static constexpr std::string_view kName = "Node";
  static std::vector<Field<Neighbourhood::Node>> fields() {
    using T = Neighbourhood::Node;
    return {field<T>("name", "in its file", &T::name), field<T>("op", "its operator", &T::op),
            field<T>("own", "whether it is of the layer; else it stands beside it", &T::own)};
  }
};

template <>
struct Table<Edge> {
  static constexpr std::string_view kName = "Edge";
  static std::vector<Field<Edge>> fields() {
    return {field<Edge>("from", "index of the node that makes a value", &Edge::from),
            field<Edge>("to", "index of the node that reads it", &Edge::to)};
  }
};

template <>
struct Table<Neighbourhood> {
  static constexpr std::string_view kName = "Neighbourhood";
  static std::vector<Field<Neighbourhood>> fields() {
    using T = Neighbourhood;
    return {field<T>("nodes", "in the order of the graph", &T::nodes),
            field<T>("edges", "between them", [](const T& t) {
              std::vector<Edge> edges;
              for (const auto& [from, to] : t.edges) edges.push_back({from, to});
              return edges;
            })};
  }
};

template <>
struct Table<Remedy> {
  static constexpr std::string_view kName = "Remedy";
  static std::vector<Field<Remedy>> fields() {
    using T = Remedy;
    return {field<T>("cause", "what the layer loses most by", &T::cause),
            field<T>("recipe", "for bitwright quantize", &T::recipe)};
  }
};

template <>
struct Table<ExplainedLayer> {
  static constexpr std::string_view kName = "Layer";
  static std::vector<Field<ExplainedLayer>> fields() {
    using T = ExplainedLayer;
    return {
        field<T>("node", "its name in the float model", &T::node),
        field<T>("op", "its operator in the float model", &T::op),
        field<T>("quantized_node", "its name in the quantized model", &T::quantized_node),
        field<T>("original_nodes", "all that belong to it in the float model", &T::original_nodes),
        field<T>("quantized_nodes", "all that belong to it in the quantized model", &T::quantized_nodes),
        field<T>("position", "among the nodes of the float model, in their order", &T::position),
        field<T>("before", "what stands around it in the float model", &T::before),
        field<T>("after", "what stands around it in the quantized model", &T::after),
        field<T>("isolated", "its output where it reads the float model's values", &T::isolated),
        field<T>("accumulated", "its output in the quantized model", &T::accumulated),
        field<T>("damage", "squared error over power of its output in isolation; null where it is not finite",
                 [](const T& t) { return std::optional(t.damage); }),
        field<T>("weight", "its codes; null where the layer has none", &T::weight),
        field<T>("rounded", "values whose rounding counts at the layer", &T::rounded),
        field<T>("remedy", "what helps; of the first layers in rank that lose something", &T::remedy),
        field<T>("time", "null where speed was not looked at", &T::time),
    };
  }
};

template <>
struct Table<Explained> {
  static constexpr std::string_view kName = "Explanation";
  static std::vector<Field<Explained>> fields() {
    using T = Explained;
    return {
        constant_field<T>("version", "of this format", 1),
        field<T>("original", "path of the float model", &T::original),
        field<T>("quantized", "path of the quantized model", &T::quantized),
        field<T>("quantize", "a command line to which --recipe is added", &T::quantize),
        field<T>("samples", "that were looked at", [](const T& t) { return t.explanation.samples; }),
        field<T>("outputs", "of the whole model", [](const T& t) { return t.explanation.outputs; }),
        field<T>("layers", "the most damaged first", [](const T& t) { return t.explanation.layers; }),
        field<T>("method", "of bitwright that makes such files", [](const T& t) { return t.explanation.method; }),
        field<T>("time", "null where speed was not looked at", [](const T& t) { return t.explanation.time; }),
        field<T>("unmatched", "nodes of the quantized model without a counterpart in the float one",
                 [](const T& t) { return t.explanation.unmatched; }),
        Field<T>{"tried", "remedies that were made and measured, as a report of bench (report.json); else null",
                 [](const T& t) { return t.tried ? bw::to_json(*t.tried) : Json(nullptr); },
                 [](Json&) { return nullable({{"type", "object"}}); }},
    };
  }
};

}  // namespace bw::form

namespace bw {

Json to_json(const Explained& explained) {
  return form::Form<Explained>::write(explained);
}

Json explanation_schema() {
  Json definitions = Json::object();
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "an explanation of bitwright, version 1"},
              {"description", "Every field is always present. Shares from 0 to 1."}};
  schema.update(form::Form<Explained>::object_schema(definitions));
  schema["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace bw
