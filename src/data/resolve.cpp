#include "data/resolve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <set>

#include "base/error.h"
#include "base/names.h"
#include "data/feed.h"
#include "data/labels.h"

namespace bw {
namespace {

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

class Resolver {
 public:
  Resolver(DatasetSpec& spec, const Source& source, const TextEncoder* encoder, std::span<InputSignature> inputs,
           std::vector<std::string>& guesses)
      : spec_(spec),
        source_(source),
        columns_(source.columns()),
        encoder_(encoder),
        signatures_(inputs),
        guesses_(guesses) {}

  void resolve_inputs() {
    match_inputs();
    for (std::size_t i = 0; i < signatures_.size(); ++i) {
      // What is said of the axis comes first: it says what a sample's shape is.
      if (spec_.inputs[i].batch_axis) signatures_[i].batch_axis = said_axis(spec_.inputs[i], signatures_[i]);
      complete(spec_.inputs[i], signatures_[i]);
      if (!spec_.inputs[i].batch_axis) say_axis(signatures_[i]);
    }
  }

 private:
  void guess(std::string sentence) { guesses_.push_back(std::move(sentence)); }

  const Column* find(std::string_view name) const { return find_column(source_, name); }
  bool has_text() const { return text_count(source_) > 0; }

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

  void complete(InputSpec& input, InputSignature& signature) {
    if (input.from.empty()) take_column(input, signature);
    if (is_constant(input.from) && find(input.from) == nullptr) return;
    const bool tokens = find(input.from) == nullptr && is_token_role(input.from);
    if (tokens) return complete_tokens(input);
    const Column* column = find(input.from);
    if (column == nullptr)
      throw Error(
          InputClass::Semantic, "there is no " + in_quotes(input.from) + " in the data",
          "input " + in_quotes(input.name),
          (input.from == "state" ? "A state is not carried from one sample to the next: say from: zeros. " : "") +
              (did_you_mean(input.from, names_of(columns_)) + "There are: " + column_names(source_)));
    if (column->kind == Column::Kind::Image) complete_image(input, *column, signature);
    if (column->kind == Column::Kind::Sound) complete_sound(input, *column, signature);
    if (column->kind == Column::Kind::Array && !input.batch_axis) settle_axis(input, *column, signature);
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

  void take_column(InputSpec& input, const InputSignature& signature) {
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
      throw Error(InputClass::Semantic,
                  fitting.empty() ? "nothing in the data fits it" : "more than one column of the data could feed it",
                  "input " + in_quotes(input.name),
                  "Say in dataset.yaml what it is made of: inputs: {" + input.name +
                      ": {from: COLUMN}}, or {from: zeros}, or {from: constant, value: 16000}. There are: " +
                      column_names(source_));
    input.from = fitting[0]->name;
    guess("input " + in_quotes(input.name) + " takes the column " + in_quotes(input.from));
  }
  bool is_taken(std::string_view name) const {
    return std::any_of(spec_.inputs.begin(), spec_.inputs.end(),
                       [&](const InputSpec& other) { return other.from == name; });
  }
  static bool could_feed(const Column& column, const InputSignature& signature) {
    if (column.kind == Column::Kind::Image) return signature.shape.size() >= 2 && !is_index(signature.dtype);
    if (column.kind == Column::Kind::Sound) return signature.shape.size() >= 2 && !is_index(signature.dtype);
    if (column.kind == Column::Kind::Text) return false;
    const bool same_rank = column.shape.size() == declared_shape(signature).size();
    return same_rank && info(column.dtype).is_float == info(signature.dtype).is_float;
  }
  static bool is_index(DType dtype) { return dtype == DType::Int64 || dtype == DType::Int32; }

  static bool is_constant(std::string_view from) { return from == "zeros" || from == "constant"; }

  static int said_axis(const InputSpec& input, const InputSignature& signature) {
    const int axis = *input.batch_axis;
    if (axis == kNoBatch || static_cast<std::size_t>(axis) < signature.shape.size()) return axis;
    throw Error(
        InputClass::Semantic,
        "has no axis " + std::to_string(axis) + ": it has " + std::to_string(signature.shape.size()) + " dimensions",
        "input " + in_quotes(input.name), "Say another batch_axis, or none");
  }

  // The axis that the model's shapes suggest must be one that leaves the shape of a row. Where it is not, a fixed axis
  // that was taken for the batch may be another; where several could be it, nothing is guessed.
  void settle_axis(const InputSpec& input, const Column& column, InputSignature& signature) {
    const auto leaves_row = [&](int axis) {
      InputSignature other = signature;
      other.batch_axis = axis;
      return fits(column.shape, declared_shape(other));
    };
    const int guessed = signature.batch_axis;
    if (guessed == kNoBatch) return;
    const bool fixed = signature.shape[static_cast<std::size_t>(guessed)].known();
    std::vector<int> others;
    for (int axis = kNoBatch; axis < static_cast<int>(signature.shape.size()); ++axis)
      if (axis != guessed && leaves_row(axis) && may_count(signature, axis)) others.push_back(axis);
    if (leaves_row(guessed)) return require_clear(input, signature, others);
    if (!fixed || others.size() != 1) return;  // the feed says what does not fit
    if (others[0] == kNoBatch && signature.shape[static_cast<std::size_t>(guessed)].value == 1) return;  // as good
    signature.batch_axis = others[0];
  }
  void say_axis(const InputSignature& signature) {
    if (signature.batch_axis == 0 || signature.shape.empty()) return;
    guess("input " + in_quotes(signature.name) + " " +
          (signature.batch_axis == kNoBatch
               ? std::string("has no axis that counts the samples: it is fed as it is, one sample a run")
               : "counts the samples along its axis " + std::to_string(signature.batch_axis)));
  }
  // A batch of one, or as many as the caller likes: what is fixed to another number is a size of something else.
  static bool may_count(const InputSignature& signature, int axis) {
    if (axis == kNoBatch) return true;
    const Dim& dim = signature.shape[static_cast<std::size_t>(axis)];
    return !dim.known() || dim.value == 1;
  }
  // A first axis fixed to a number, and a free one behind it: [7, ?, 16] is seven samples of any length, or any number
  // of samples of length seven.
  void require_clear(const InputSpec& input, const InputSignature& signature, const std::vector<int>& others) const {
    const Dim& guessed = signature.shape[static_cast<std::size_t>(signature.batch_axis)];
    const auto free = std::find_if(others.begin(), others.end(), [&](int axis) {
      return axis != kNoBatch && !signature.shape[static_cast<std::size_t>(axis)].known();
    });
    if (!guessed.known() || guessed.value == 1 || free == others.end()) return;
    throw Error(InputClass::Semantic,
                "nothing tells whether axis " + std::to_string(signature.batch_axis) + " of " +
                    to_string(ValueType::tensor(signature.dtype, signature.shape)) + " counts the samples, or axis " +
                    std::to_string(*free),
                "input " + in_quotes(input.name),
                "Say it in dataset.yaml: inputs: {" + input.name + ": {batch_axis: " + std::to_string(*free) + "}}");
  }

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
                    "There are: " + column_names(source_));
      input.column = text->name;
      const bool pairs = spec_.task == TaskKind::EmbeddingSimilarity || is_pair_score(spec_, source_);
      if (text_count(source_) > 1 && !pairs)
        guess("input " + in_quotes(input.name) + " takes the text " + in_quotes(text->name) +
              "; the other texts are not used");
    }
    if (input.pad || input.from != "input_ids") return;
    for (std::string_view name : {"[PAD]", "<pad>", "<PAD>"})
      if (const std::int64_t id = encoder_->id_of(name); id >= 0 && !input.pad) input.pad = static_cast<double>(id);
  }

  static bool is_channels(std::int64_t size) { return size == 1 || size == 3; }

  // [3, 32, 32]: one picture a run.
  void settle_picture(const InputSpec& input, InputSignature& signature) {
    const std::vector<Dim>& dims = signature.shape;
    if (input.batch_axis || dims.size() != 3 || (!is_channels(dims[0].value) && !is_channels(dims[2].value))) return;
    signature.batch_axis = kNoBatch;
  }

  void complete_image(InputSpec& input, const Column& column, InputSignature& signature) {
    settle_picture(input, signature);
    const Shape wanted = declared_shape(signature);
    const auto known = [&](std::size_t axis) { return wanted.size() == 3 ? wanted[axis] : -1; };
    if (input.layout.empty()) {
      input.layout = !is_channels(known(0)) && is_channels(known(2)) ? "NHWC" : "NCHW";
      if (!is_channels(known(input.layout == "NCHW" ? 0 : 2)) && wanted.size() == 3)
        guess("input " + in_quotes(input.name) + " has layout NCHW");
    }
    const bool first = input.layout == "NCHW";
    const std::int64_t channels = known(first ? 0 : 2), height = known(first ? 1 : 0), width = known(first ? 2 : 1);
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
    if (!input.resize_short && stored_size(column) == Size{height, width}) return;
    const std::string size = std::to_string(height) + " x " + std::to_string(width);
    if (!input.resize_short) {
      constexpr double kUsualCrop = 0.875;  // 224 of 256
      input.resize_short = std::lround(static_cast<double>(std::max(height, width)) / kUsualCrop);
      guess("images are resized to a shorter side of " + std::to_string(*input.resize_short));
    }
    input.crop = Size{height, width};
    guess("the middle " + size + " of each image is taken for input " + in_quotes(input.name));
  }

  // The size that images have as they are stored: of the column, or of a few items that agree; 0 x 0 when they do not.
  Size stored_size(const Column& column) const {
    if (column.shape[0] >= 0 && column.shape[1] >= 0) return {column.shape[0], column.shape[1]};
    constexpr std::size_t kLooks = 5;
    const std::size_t index = column_named(source_, column.name, "image"), count = source_.size();
    std::set<Size> sizes;
    for (std::size_t i = 0; i < std::min(kLooks, count); ++i) try {
        const Shape shape = source_.get(i * count / std::min(kLooks, count), index).shape();
        sizes.emplace(shape[0], shape[1]);
      } catch (const Error&) {  // a bad image is named when it is its turn
      }
    return sizes.size() == 1 ? *sizes.begin() : Size{0, 0};
  }

  void complete_sound(InputSpec& input, const Column& column, const InputSignature& signature) {
    if (input.sample_rate == 0) {
      input.sample_rate = column.sample_rate;
      guess("input " + in_quotes(input.name) + " takes sound as the files have it, " +
            std::to_string(input.sample_rate) + " frames a second");
    }
    const Shape wanted = declared_shape(signature);
    const auto others = std::count_if(wanted.begin(), wanted.end(), [](auto size) { return size != 1; });
    if (!input.mono) {
      input.mono = others <= 1;
      if (*input.mono && column.shape[1] > 1)
        guess("input " + in_quotes(input.name) + " takes the mean of the channels");
    }
    const std::int64_t fixed = *input.mono && std::find(wanted.begin(), wanted.end(), -1) == wanted.end()
                                   ? static_cast<std::int64_t>(element_count(wanted))
                                   : 0;
    if (input.length != 0 || fixed == 0) return;
    input.length = fixed;
    guess("input " + in_quotes(input.name) + " takes " + std::to_string(fixed) +
          " frames: longer sounds are cut at their end, shorter ones filled up with " +
          (input.pad ? "the value of pad" : "zeros"));
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

  DatasetSpec& spec_;
  const Source& source_;
  const std::vector<Column>& columns_;
  const TextEncoder* encoder_;
  std::span<InputSignature> signatures_;
  std::vector<std::string>& guesses_;
};

}  // namespace

DatasetSpec resolve(DatasetSpec spec, std::span<const Source* const> sources, const TextEncoder* encoder,
                    std::span<InputSignature> inputs, std::optional<std::int64_t> classes,
                    std::vector<std::string>& guesses) {
  const Source& first = *sources[0];
  find_label(spec, first, guesses);
  Resolver(spec, first, encoder, inputs, guesses).resolve_inputs();
  find_trim(spec, sources, guesses);
  find_task(spec, first, classes, guesses);
  return spec;
}

namespace {

InputSignature described_input(const InputSpec& input, std::span<const Column> columns) {
  const std::string& from = input.from.empty() ? input.name : input.from;
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == from; });
  const bool texts =
      std::any_of(columns.begin(), columns.end(), [](const Column& c) { return c.kind == Column::Kind::Text; });
  if (column == columns.end() && (from == "zeros" || from == "constant")) {
    std::vector<Dim> dims(1);
    for (std::int64_t size : input.shape) dims.push_back({size, ""});
    return {input.name, DType::Float32, dims};
  }
  if (column == columns.end() && texts)  // tokens; or how many there are
    return {input.name, DType::Int64, std::vector<Dim>(from == "lengths" ? 1 : 2)};
  if (column == columns.end() || column->kind == Column::Kind::Image)
    return {input.name, DType::Float32, std::vector<Dim>(4)};
  if (column->kind == Column::Kind::Sound)
    return {input.name, DType::Float32, std::vector<Dim>(input.mono.value_or(true) ? 2 : 3)};
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
