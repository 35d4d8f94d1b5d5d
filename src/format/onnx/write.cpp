#include <fmt/format.h>

#include <limits>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/kept_files.h"
#include "format/onnx/proto.h"

namespace bw::onnx {
namespace {

// Tensors below this stay in the model file. Larger ones start at a multiple of what mapping them needs.
constexpr std::size_t kInlineBytes = 1024;
constexpr std::size_t kPageTensor = 1 << 20;
constexpr std::uint64_t kPage = 4096, kLine = 64;

std::uint64_t rounded_up(std::uint64_t at, std::uint64_t step) {
  return (at + step - 1) / step * step;
}

using Visit = std::function<void(const Tensor&)>;

void each_own_initializer(const Graph& graph, const Visit& visit) {
  for (const Value& value : graph.values)
    if (value.initializer.defined() && value.initializer.dtype() != DType::String) visit(value.initializer);
}

// Those of subgraphs too.
void each_initializer(const Graph& graph, const Visit& visit) {
  each_own_initializer(graph, visit);
  for (const Node& node : graph.nodes)
    for (const Attribute& attribute : node.attributes) {
      if (const auto* one = std::get_if<Subgraph>(&attribute.data)) each_initializer(**one, visit);
      if (const auto* many = std::get_if<std::vector<Subgraph>>(&attribute.data))
        for (const Subgraph& inner : *many) each_initializer(*inner, visit);
    }
}

std::string serialized(const pb::ModelProto& proto) {
  if (proto.ByteSizeLong() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw Error(InputClass::Limit,
                fmt::format("the model takes {} bytes, an ONNX file holds 2 GiB", proto.ByteSizeLong()), {},
                "Write it with external data");
  std::string bytes;
  if (!proto.SerializeToString(&bytes)) throw Error(ErrorKind::Internal, "the model could not be serialized");
  return bytes;
}

struct Place {
  std::string location;
  std::uint64_t offset, length;
};

void refer(const Place& place, pb::TensorProto& proto) {
  proto.set_data_location(pb::TensorProto::EXTERNAL);
  const auto add = [&](const char* key, std::string value) {
    auto* entry = proto.add_external_data();
    entry->set_key(key);
    entry->set_value(std::move(value));
  };
  add("location", place.location);
  add("offset", std::to_string(place.offset));
  add("length", std::to_string(place.length));
}

// Large tensors that are mapped from files of one folder.
class MappedTensors {
 public:
  explicit MappedTensors(const Graph& graph) {
    each_own_initializer(graph, [&](const Tensor& tensor) {
      if (tensor.bytes().size() >= kPageTensor) add(tensor.bytes());
    });
  }
  const std::map<const std::byte*, Place>& places() const { return places_; }
  std::vector<fs::path> files() const { return {files_.begin(), files_.end()}; }

 private:
  void add(std::span<const std::byte> bytes) {
    const std::optional<FilePart> part = mapped_from(bytes);
    if (!part || part->file.filename() == kDataInMemory) return;
    if (!files_.empty() && files_.begin()->parent_path() != part->file.parent_path()) return;
    files_.insert(part->file);
    places_.emplace(bytes.data(), Place{part->file.filename().string(), part->offset, bytes.size()});
  }

  std::map<const std::byte*, Place> places_;
  std::set<fs::path> files_;
};

// Where each large tensor stands in the data file. Tensors that share their bytes stand there once.
class DataFile {
 public:
  // Of the initializers that `each` visits, but for those that have a place already.
  DataFile(const Graph& graph, void (*each)(const Graph&, const Visit&), const std::string& location,
           std::map<const std::byte*, Place> places = {})
      : places_(std::move(places)) {
    each(graph, [&](const Tensor& tensor) {
      const auto bytes = tensor.bytes();
      if (bytes.size() < kInlineBytes || places_.contains(bytes.data())) return;
      const std::uint64_t offset = rounded_up(size_, bytes.size() >= kPageTensor ? kPage : kLine);
      places_.emplace(bytes.data(), Place{location, offset, bytes.size()});
      parts_.push_back(std::span(kZeros, offset - size_));
      parts_.push_back(bytes);
      size_ = offset + bytes.size();
    });
  }

  bool empty() const { return parts_.empty(); }
  // The content, piece by piece.
  const std::vector<std::span<const std::byte>>& parts() const { return parts_; }

  std::string digest() const {
    Sha256 hash;
    for (const auto part : parts_) hash.add(part);
    return hash.hex().substr(0, 12);
  }

  void write(const fs::path& path) const {
    FileWriter file(path);
    for (const auto part : parts_) file.write(part);
    file.commit();
  }

  // The model that refers to these places.
  std::string model_of(const Graph& graph) const {
    return serialized(model_to(
        graph, {.externalise = [&](const Tensor& tensor, pb::TensorProto& proto) { return describe(tensor, proto); }}));
  }

 private:
  static constexpr std::byte kZeros[kPage] = {};

  // False where the tensor's bytes have no place.
  bool describe(const Tensor& tensor, pb::TensorProto& proto) const {
    const auto found = places_.find(tensor.bytes().data());
    if (found == places_.end() || found->second.length != tensor.bytes().size()) return false;
    refer(found->second, proto);
    return true;
  }

  std::map<const std::byte*, Place> places_;
  std::vector<std::span<const std::byte>> parts_;
  std::uint64_t size_ = 0;
};

std::uint64_t initializer_bytes(const Graph& graph) {
  std::uint64_t total = 0;
  each_initializer(graph, [&](const Tensor& tensor) { total += tensor.bytes().size(); });
  return total;
}

// Data files that earlier versions of this model left behind: NAME.<12 hex digits>.data, and not the one in use.
void remove_stale_data(const fs::path& path, const std::string& in_use) {
  const std::string prefix = path.filename().string() + ".", suffix = ".data";
  for (const auto& entry : fs::directory_iterator(fs::absolute(path).parent_path())) {
    const std::string name = entry.path().filename().string();
    if (name == in_use || name.size() != prefix.size() + 12 + suffix.size()) continue;
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    if (name.find_first_not_of("0123456789abcdef", prefix.size()) != prefix.size() + 12) continue;
    if (is_kept(entry.path())) continue;
    fs::remove(entry.path());
  }
}

void put_in_place(const fs::path& path, std::string_view model, const Proof& proof) {
  FileWriter file(path);
  file.write(model);
  if (proof) proof(file.complete());
  file.commit();
}

// A data file that goes again unless the model that it belongs to got its name.
class NewData {
 public:
  NewData(const DataFile& data, fs::path path) : path_(std::move(path)), is_new_(!fs::exists(path_)) {
    data.write(path_);
  }
  ~NewData() {
    std::error_code ignored;
    if (is_new_) fs::remove(path_, ignored);
  }
  void keep() { is_new_ = false; }

 private:
  fs::path path_;
  bool is_new_;
};

}  // namespace

std::string serialize(const Graph& graph) {
  return serialized(model_to(graph));
}

// ONNX Runtime takes data from memory for the tensors of the outermost graph only.
Detached detach(const Graph& graph) {
  const MappedTensors mapped(graph);
  const DataFile data(graph, each_own_initializer, kDataInMemory, mapped.places());
  return {data.model_of(graph), data.parts(), mapped.files()};
}

std::vector<fs::path> write(const Graph& graph, const fs::path& path, const WriteOptions& options) {
  if (initializer_bytes(graph) <= options.external_above) {
    put_in_place(path, serialize(graph), options.proof);
    remove_stale_data(path, {});
    return {path};
  }
  // The name of the data file carries its content, so the old model keeps its own data until the new model is in place.
  const std::string digest = DataFile(graph, each_initializer, {}).digest();
  const std::string location = path.filename().string() + "." + digest + ".data";
  const DataFile data(graph, each_initializer, location);
  const std::string model = data.model_of(graph);
  std::optional<NewData> written;
  if (!data.empty()) written.emplace(data, path.parent_path() / location);
  put_in_place(path, model, options.proof);
  if (written) written->keep();
  remove_stale_data(path, location);
  return written ? std::vector{path, path.parent_path() / location} : std::vector{path};
}

Format format() {
  return {.name = "onnx",
          .says = "ONNX, opset 7 to newest",
          .extension = ".onnx",
          .sniff = [](const fs::path&, std::span<const std::byte> head) { return sniff(head); },
          .read = read,
          .write = [](const Graph& graph, const fs::path& path,
                      const Proof& proof) { return write(graph, path, {.proof = proof}); },
          .files = files_of,
          .detach = detach};
}

}  // namespace bw::onnx
