#include "data/resolve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>

#include "base/error.h"

namespace bw {
namespace {

constexpr std::array<std::string_view, 9> kLabelNames{"label", "labels", "y",       "folder", "cls",
                                                      "class", "target", "targets", "score"};
constexpr std::array<std::string_view, 4> kTrimNames{"attention_mask", "mask", "lengths", "length"};

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

class Resolver {
 public:
  Resolver(DatasetSpec spec, const Source& source, const TextEncoder* encoder, std::span<const InputSignature> inputs,
           std::vector<std::string>& guesses)
      : spec_(std::move(spec)),
        source_(source),
        columns_(source.columns()),
        encoder_(encoder),
        signatures_(inputs),
        guesses_(guesses) {}

  DatasetSpec resolve() {
    find_label();
    match_inputs();
    for (std::size_t i = 0; i < signatures_.size(); ++i) complete(spec_.inputs[i], signatures_[i]);
    find_trim();
    find_task();
    if (spec_.metrics.empty()) spec_.metrics = usual_metrics();
    return std::move(spec_);
  }

 private:
  void guess(std::string sentence) { guesses_.push_back(std::move(sentence)); }

  const Column* find(std::string_view name) const {
    const auto found =
        std::find_if(columns_.begin(), columns_.end(), [&](const Column& column) { return column.name == name; });
    return found == columns_.end() ? nullptr : &*found;
  }
  std::string column_names() const {
    std::string names;
    for (const Column& column : columns_)
      names += (names.empty() ? "" : ", ") + column.name + " " + std::string(name_of(column.dtype)) +
               to_string(column.shape);
    return names;
  }

  void find_label() {
    if (!spec_.label.from.empty() || spec_.task == TaskKind::Outputs) return;
    for (std::string_view name : kLabelNames)
      if (const Column* column = find(name); column && column->kind == Column::Kind::Array && spec_.label.from.empty())
        spec_.label.from = name;
    if (spec_.label.from.empty() && has_text()) take_only_number_as_label();
    if (!spec_.label.from.empty()) return guess("labels are the column " + in_quotes(spec_.label.from));
    if (spec_.task)
      throw Error(InputClass::Data, "the task needs labels, and there are none", source_.id(0),
                  "There are: " + column_names());
  }
  void take_only_number_as_label() {
    std::vector<const Column*> numbers;
    for (const Column& column : columns_)
      if (column.kind == Column::Kind::Array) numbers.push_back(&column);
    if (numbers.size() == 1) spec_.label.from = numbers[0]->name;
  }
  bool has_text() const { return text_count() > 0; }

  // Brings spec_.inputs into the model's order, by name.
  void match_inputs() {
    std::vector<InputSpec> ordered;
    for (const InputSignature& signature : signatures_) {
      const auto said = std::find_if(spec_.inputs.begin(), spec_.inputs.end(),
                                     [&](const InputSpec& input) { return input.name == signature.name; });
      ordered.push_back(said == spec_.inputs.end() ? InputSpec{} : *said);
      if (said != spec_.inputs.end()) spec_.inputs.erase(said);
      ordered.back().name = signature.name;
    }
    if (spec_.inputs.size() == 1 && signatures_.size() == 1) {
      guess("input " + in_quotes(spec_.inputs[0].name) + " of the description is the model's only input, " +
            in_quotes(signatures_[0].name));
      ordered = std::move(spec_.inputs);
      ordered[0].name = signatures_[0].name;
      spec_.inputs.clear();
    }
    if (!spec_.inputs.empty()) {
      std::string names;
      for (const InputSignature& signature : signatures_) names += (names.empty() ? "" : ", ") + signature.name;
      throw Error(
          InputClass::Semantic,
          "the description has an input " + in_quotes(spec_.inputs[0].name) + ", the model has none of that name", "",
          "The model's inputs: " + names);
    }
    spec_.inputs = std::move(ordered);
  }

  void complete(InputSpec& input, const InputSignature& signature) {
    if (input.from.empty()) find_column(input, signature);
    const bool tokens = find(input.from) == nullptr && is_token_role(input.from);
    if (tokens) return complete_tokens(input);
    const Column* column = find(input.from);
    if (column == nullptr)
      throw Error(InputClass::Semantic, "there is no " + in_quotes(input.from) + " in the data",
                  "input " + in_quotes(input.name), "There are: " + column_names());
    if (column->kind == Column::Kind::Image) complete_image(input, *column, signature);
  }

  static bool is_token_role(std::string_view role) {
    return role == "input_ids" || role == "attention_mask" || role == "token_type_ids" || role == "lengths";
  }
  static std::string role_of(std::string_view name) {
    const auto has = [&](std::string_view part) { return name.find(part) != name.npos; };
    if (has("mask")) return "attention_mask";
    if (has("type") || has("segment")) return "token_type_ids";
    return has("len") ? "lengths" : "input_ids";
  }

  void find_column(InputSpec& input, const InputSignature& signature) {
    if (has_text() && info(signature.dtype).is_integer) {
      input.from = role_of(input.name);
      return guess("input " + in_quotes(input.name) + " takes the text's " + input.from);
    }
    if (find(input.name) != nullptr && input.name != spec_.label.from) {
      input.from = input.name;
      return;
    }
    std::vector<const Column*> fitting;
    for (const Column& column : columns_)
      if (column.name != spec_.label.from && !is_taken(column.name) && could_feed(column, signature))
        fitting.push_back(&column);
    if (fitting.size() != 1)
      throw Error(
          InputClass::Semantic,
          fitting.empty() ? "nothing in the data fits it" : "more than one column of the data could feed it",
          "input " + in_quotes(input.name),
          "Say which in dataset.yaml (inputs: {" + input.name + ": {from: NAME}}). There are: " + column_names());
    input.from = fitting[0]->name;
    guess("input " + in_quotes(input.name) + " takes the column " + in_quotes(input.from));
  }
  bool is_taken(std::string_view name) const {
    return std::any_of(spec_.inputs.begin(), spec_.inputs.end(),
                       [&](const InputSpec& other) { return other.from == name; });
  }
  static bool could_feed(const Column& column, const InputSignature& signature) {
    if (column.kind == Column::Kind::Image) return signature.shape.size() >= 2 && !is_index(signature.dtype);
    if (column.kind == Column::Kind::Text) return false;
    const bool same_rank = column.shape.size() + 1 == signature.shape.size();
    return same_rank && info(column.dtype).is_float == info(signature.dtype).is_float;
  }
  static bool is_index(DType dtype) { return dtype == DType::Int64 || dtype == DType::Int32; }

  void complete_tokens(InputSpec& input) {
    if (encoder_ == nullptr)
      throw Error(InputClass::Data, "texts need a tokenizer.json or a list of words", source_.id(0),
                  "Put tokenizer.json beside the data, or name one in dataset.yaml (source: {tokenizer: ...} or "
                  "{vocabulary: ...})");
    if (input.column.empty()) {
      const auto text = std::find_if(columns_.begin(), columns_.end(),
                                     [](const Column& column) { return column.kind == Column::Kind::Text; });
      if (text == columns_.end())
        throw Error(InputClass::Semantic, "there is no text in the data", "input " + in_quotes(input.name),
                    "There are: " + column_names());
      input.column = text->name;
      const bool pairs = spec_.task == TaskKind::EmbeddingSimilarity || is_pair_score();
      if (text_count() > 1 && !pairs)
        guess("input " + in_quotes(input.name) + " takes the text " + in_quotes(text->name) +
              "; the other texts are not used");
    }
    if (input.pad || input.from != "input_ids") return;
    for (std::string_view name : {"[PAD]", "<pad>", "<PAD>"})
      if (const std::int64_t id = encoder_->id_of(name); id >= 0 && !input.pad) input.pad = static_cast<double>(id);
  }

  void complete_image(InputSpec& input, const Column& column, const InputSignature& signature) {
    const auto known = [&](std::size_t axis) { return signature.shape.size() == 4 ? signature.shape[axis].value : -1; };
    const auto is_channels = [](std::int64_t size) { return size == 1 || size == 3; };
    if (input.layout.empty()) {
      input.layout = !is_channels(known(1)) && is_channels(known(3)) ? "NHWC" : "NCHW";
      if (!is_channels(known(input.layout == "NCHW" ? 1 : 3)) && signature.shape.size() == 4)
        guess("input " + in_quotes(input.name) + " has layout NCHW");
    }
    const bool first = input.layout == "NCHW";
    const std::int64_t channels = known(first ? 1 : 3), height = known(first ? 2 : 1), width = known(first ? 3 : 2);
    if (input.color.empty()) {
      const bool gray = channels == 1 || (channels < 0 && column.shape.size() == 3 && column.shape[2] == 1);
      input.color = gray ? "gray" : "RGB";
      if (!gray) guess("input " + in_quotes(input.name) + " wants its colours in the order RGB");
    }
    guess_size(input, column, height, width);
    if (info(signature.dtype).is_float) guess_scale(input);
  }

  void guess_size(InputSpec& input, const Column& column, std::int64_t height, std::int64_t width) {
    if (height <= 0 || width <= 0 || input.crop || input.resize) return;
    if (column.shape[0] == height && column.shape[1] == width && !input.resize_short) return;
    const std::string size = std::to_string(height) + " x " + std::to_string(width);
    if (!input.resize_short) {
      constexpr double kUsualCrop = 0.875;  // 224 of 256
      input.resize_short = std::lround(static_cast<double>(std::max(height, width)) / kUsualCrop);
      guess("images are resized to a shorter side of " + std::to_string(*input.resize_short));
    }
    input.crop = Size{height, width};
    guess("the middle " + size + " of each image is taken for input " + in_quotes(input.name));
  }

  void guess_scale(InputSpec& input) {
    if (input.scale) return;
    const auto small = [](const std::vector<double>& values) {
      return std::all_of(values.begin(), values.end(), [](double v) { return v <= 1; });
    };
    if (!small(input.mean) || !small(input.std)) return;
    input.scale = Scale{1, 255};
    const bool bare = input.mean.empty() && input.std.empty();
    guess("pixels of input " + in_quotes(input.name) + " are divided by 255" +
          (bare ? ", without mean and std: if the model was trained with them, accuracy will be wrong until "
                  "dataset.yaml says so"
                : " before mean and std"));
  }

  void find_trim() {
    if (!spec_.trim.empty() || has_text()) return;
    for (std::string_view name : kTrimNames) {
      const Column* column = find(name);
      if (column == nullptr || column->shape.size() > 1 || !info(column->dtype).is_integer) continue;
      spec_.trim = name;
      return guess("padding is what the column " + in_quotes(name) + " leaves out; it is cut off");
    }
  }

  void find_task() {
    if (spec_.task) return;
    const Column* label = find(spec_.label.from);
    spec_.task = label ? task_of(*label) : TaskKind::Outputs;
    guess("the task is " + std::string(name_of(*spec_.task)) +
          (spec_.label.from.empty() ? ": there are no labels" : ""));
  }
  std::ptrdiff_t text_count() const {
    return std::count_if(columns_.begin(), columns_.end(),
                         [](const Column& column) { return column.kind == Column::Kind::Text; });
  }
  // Two texts with a number between: how alike they are.
  bool is_pair_score() const {
    const Column* label = find(spec_.label.from);
    return !spec_.task && label != nullptr && !info(label->dtype).is_integer && text_count() > 1;
  }
  TaskKind task_of(const Column& label) const {
    if (is_pair_score()) return TaskKind::EmbeddingSimilarity;
    if (!info(label.dtype).is_integer) return TaskKind::Regression;
    const Column* first = spec_.inputs.empty() ? nullptr : find(spec_.inputs[0].from);
    return label.shape.size() == 1 && first != nullptr && first->shape == label.shape ? TaskKind::LanguageModelling
                                                                                      : TaskKind::Classification;
  }

  std::vector<std::string> usual_metrics() const {
    switch (*spec_.task) {
      case TaskKind::Classification:
        return {"top1"};
      case TaskKind::Regression:
        return {"mae"};
      case TaskKind::LanguageModelling:
        return {"perplexity"};
      case TaskKind::EmbeddingSimilarity:
        return {"spearman"};
      case TaskKind::Outputs:
        return {"agreement", "sqnr"};
    }
    return {};
  }

  DatasetSpec spec_;
  const Source& source_;
  const std::vector<Column>& columns_;
  const TextEncoder* encoder_;
  std::span<const InputSignature> signatures_;
  std::vector<std::string>& guesses_;
};

}  // namespace

DatasetSpec resolve(DatasetSpec spec, const Source& source, const TextEncoder* encoder,
                    std::span<const InputSignature> inputs, std::vector<std::string>& guesses) {
  return Resolver(std::move(spec), source, encoder, inputs, guesses).resolve();
}

namespace {

InputSignature described_input(const InputSpec& input, std::span<const Column> columns) {
  const std::string& from = input.from.empty() ? input.name : input.from;
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == from; });
  const bool texts =
      std::any_of(columns.begin(), columns.end(), [](const Column& c) { return c.kind == Column::Kind::Text; });
  if (column == columns.end() && texts)  // tokens; or how many there are
    return {input.name, DType::Int64, std::vector<Dim>(from == "lengths" ? 1 : 2)};
  if (column == columns.end() || column->kind == Column::Kind::Image)
    return {input.name, DType::Float32, std::vector<Dim>(4)};
  const bool scaled = input.scale || !input.mean.empty() || !input.std.empty();
  return {input.name, scaled ? DType::Float32 : column->dtype, std::vector<Dim>(1 + column->shape.size())};
}

}  // namespace

std::vector<InputSignature> described_inputs(const DatasetSpec& spec, const Source& source) {
  if (spec.inputs.empty())
    throw Error(InputClass::Semantic, "nothing says what inputs the samples are for", source.id(0),
                "Name a model, or say it in dataset.yaml (inputs: {NAME: {from: COLUMN}})");
  std::vector<InputSignature> signatures;
  for (const InputSpec& input : spec.inputs) signatures.push_back(described_input(input, source.columns()));
  return signatures;
}

}  // namespace bw
