#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>

#include <limits>
#include <set>

#include "base/error.h"
#include "format/onnx/proto.h"

namespace bw::onnx {
namespace {

constexpr std::uint64_t kMaxProtoBytes = std::numeric_limits<std::int32_t>::max();

// A graph inside a node's attribute is three messages deeper than the graph around it. Twice the limit is let through
// here, so that deep nesting is told from broken bytes.
int message_depth(const GraphLimits& limits) {
  return 2 * 3 * limits.subgraph_depth + 40;
}

pb::ModelProto proto_from(std::span<const std::byte> bytes, const GraphLimits& limits) {
  if (bytes.empty()) throw Error(InputClass::Format, "the file is empty");
  if (bytes.size() > kMaxProtoBytes)
    throw Error(InputClass::Limit,
                fmt::format("an ONNX file of {} bytes is above the format's limit of 2 GiB", bytes.size()), {},
                "Save the model with its tensors as external data");
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  in.SetTotalBytesLimit(static_cast<int>(bytes.size()));
  in.SetRecursionLimit(message_depth(limits));
  pb::ModelProto proto;
  if (!proto.MergeFromCodedStream(&in) || !in.ConsumedEntireMessage())
    throw Error(InputClass::Format, "not an ONNX model, or a truncated one");
  return proto;
}

// One field's key and value at the start of `bytes`, moved past; nullopt where no such field can stand.
struct Field {
  std::uint64_t number, wire;
};
std::optional<std::uint64_t> take_varint(std::span<const std::byte>& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(bytes.front());
    bytes = bytes.subspan(1);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}
std::optional<Field> take_field(std::span<const std::byte>& bytes) {
  const auto key = take_varint(bytes);
  const auto payload = key ? take_varint(bytes) : std::nullopt;
  if (!payload) return std::nullopt;
  const Field field{*key >> 3, *key & 7};
  if (field.wire == 2) bytes = bytes.subspan(std::min<std::uint64_t>(*payload, bytes.size()));
  return field;
}

using Locations = std::set<fs::path>;

void add_location(const pb::TensorProto& tensor, Locations& locations) {
  if (tensor.data_location() != pb::TensorProto::EXTERNAL) return;
  for (const auto& entry : tensor.external_data())
    if (entry.key() == "location") locations.insert(fs::path(entry.value()).lexically_normal());
}

void add_locations(const pb::GraphProto& graph, Locations& locations);

void add_locations(const pb::NodeProto& node, Locations& locations) {
  for (const auto& attribute : node.attribute()) {
    add_location(attribute.t(), locations);
    for (const auto& tensor : attribute.tensors()) add_location(tensor, locations);
    add_locations(attribute.g(), locations);
    for (const auto& graph : attribute.graphs()) add_locations(graph, locations);
  }
}

void add_locations(const pb::GraphProto& graph, Locations& locations) {
  for (const auto& tensor : graph.initializer()) add_location(tensor, locations);
  for (const auto& sparse : graph.sparse_initializer()) {
    add_location(sparse.values(), locations);
    add_location(sparse.indices(), locations);
  }
  for (const auto& node : graph.node()) add_locations(node, locations);
}

}  // namespace

std::vector<fs::path> files_of(const fs::path& path) {
  const MappedFile file(path);
  const pb::ModelProto model = proto_from(file.bytes(), {});
  Locations locations;
  add_locations(model.graph(), locations);
  for (const auto& function : model.functions())
    for (const auto& node : function.node()) add_locations(node, locations);
  std::vector<fs::path> files{path};
  for (const fs::path& location : locations) files.push_back(path.parent_path() / location);
  return files;
}

bool sniff(std::span<const std::byte> head) {
  // A ModelProto is a run of these fields: numbers have wire type 0, text and messages 2.
  const auto known = [](const Field& field) {
    switch (field.number) {
      case pb::ModelProto::kIrVersionFieldNumber:
      case pb::ModelProto::kModelVersionFieldNumber:
        return field.wire == 0;
      case pb::ModelProto::kProducerNameFieldNumber:
      case pb::ModelProto::kProducerVersionFieldNumber:
      case pb::ModelProto::kDomainFieldNumber:
      case pb::ModelProto::kDocStringFieldNumber:
      case pb::ModelProto::kGraphFieldNumber:
      case pb::ModelProto::kOpsetImportFieldNumber:
      case pb::ModelProto::kMetadataPropsFieldNumber:
      case pb::ModelProto::kTrainingInfoFieldNumber:
      case pb::ModelProto::kFunctionsFieldNumber:
      case pb::ModelProto::kConfigurationFieldNumber:
        return field.wire == 2;
      default:
        return false;
    }
  };
  int fields = 0;
  while (!head.empty()) {
    const auto field = take_field(head);
    if (!field) return fields > 1;  // cut off in the middle
    if (!known(*field)) return false;
    ++fields;
  }
  return fields > 0;
}

Graph parse(std::span<const std::byte> bytes, const fs::path& folder, const ReadOptions& options) {
  GraphLimits limits = options.limits;
  if (!options.verify) limits.subgraphs = std::numeric_limits<std::uint64_t>::max();
  TensorReader tensors(fs::absolute(folder), limits);
  Graph graph = graph_from(proto_from(bytes, limits), tensors, limits, options.note);
  if (options.verify) {
    verify(graph, limits);
    check_schemas(graph);
  }
  return graph;
}

Graph read(const fs::path& path, const ReadOptions& options) {
  const MappedFile file(path);
  try {
    return parse(file.bytes(), fs::absolute(path).parent_path(), options);
  } catch (const Error& error) {
    throw error.within(path.string());
  }
}

}  // namespace bw::onnx
