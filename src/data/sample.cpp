#include "data/sample.h"

#include <algorithm>
#include <cmath>

#include "archive/npy.h"
#include "base/error.h"
#include "data/labels.h"
#include "tensor/convert.h"

namespace bw {

SampleMaker::SampleMaker(const DatasetSpec& spec, std::span<const InputSignature> inputs,
                         std::shared_ptr<const Source> source, std::shared_ptr<const TextEncoder> encoder)
    : task_(*spec.task), label_spec_(spec.label), source_(std::move(source)), encoder_(std::move(encoder)) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    feeds_.emplace_back(spec.inputs[i], inputs[i], *source_);
    batch_axes_.push_back(inputs[i].batch_axis);
  }
  if (std::all_of(batch_axes_.begin(), batch_axes_.end(), [](int axis) { return axis == 0; })) batch_axes_.clear();
  if (task_ != TaskKind::Outputs) label_ = column_named(*source_, spec.label.from, "label");
  if (label_) renumbered_ = renumbering(spec.label.classes);
  if (!spec.trim.empty() && spec.trim != kTrimNone) trim_ = column_named(*source_, spec.trim, "trim");
  if (task_ != TaskKind::EmbeddingSimilarity) return;
  for (std::size_t i = 0; i < source_->columns().size() && !second_text_; ++i)
    if (source_->columns()[i].kind == Column::Kind::Text && i != feeds_.at(0).column()) second_text_ = i;
  if (!second_text_) throw Error(InputClass::Data, "embedding similarity needs two columns of text", source_->id(0));
}

Sample SampleMaker::make(std::size_t item) const {
  try {
    Sample sample;
    sample.index = item;
    sample.id = source_->id(item);
    sample.inputs = inputs(item, false);
    sample.batch_axes = batch_axes_;
    if (second_text_) sample.partner = inputs(item, true);
    if (label_) sample.labels.push_back(label(item));
    sample.mask = mask(item);
    return sample;
  } catch (const Error& error) {
    const std::string id = source_->id(item);
    if (error.where().find(id) != std::string::npos) throw;  // a file's own error names it already
    throw error.within(id);
  }
}

std::vector<Tensor> SampleMaker::inputs(std::size_t item, bool second) const {
  std::vector<Tensor> made;
  std::optional<Tokens> tokens;  // a text is encoded once for all inputs that are made of it
  std::size_t encoded = 0;
  const auto keep = kept(item);
  for (const Feed& feed : feeds_) {
    const std::size_t column = second && feed.kind() == Feed::Kind::Tokens ? *second_text_ : feed.column();
    if (feed.kind() == Feed::Kind::Tokens) {
      if (!tokens || encoded != column) tokens = encoder_->encode(source_->get(item, column).strings().at(0), true);
      encoded = column;
      made.push_back(feed.from_tokens(*tokens));
    } else {
      made.push_back(input(feed, item, keep));
    }
  }
  return made;
}

Tensor SampleMaker::input(const Feed& feed, std::size_t item, std::optional<Positions> keep) const {
  switch (feed.kind()) {
    case Feed::Kind::Constant:
      return feed.constant();
    case Feed::Kind::Image:
      return feed.from_image(source_->get(item, feed.column()));
    case Feed::Kind::Sound:
      return feed.from_sound(source_->get(item, feed.column()));
    default:
      return feed.from_array(source_->get(item, feed.column()), keep);
  }
}

// Positions that are not padding.
std::optional<Positions> SampleMaker::kept(std::size_t item) const {
  if (!trim_) return std::nullopt;
  return real_positions(*source_, item, *trim_);
}

// Where the model fixes the length, padding stays in and is marked instead.
Tensor SampleMaker::mask(std::size_t item) const {
  const Feed* sequence = nullptr;
  for (const Feed& feed : feeds_)
    if ((feed.kind() == Feed::Kind::Array || feed.kind() == Feed::Kind::Tokens) && feed.fixed_length() >= 0 &&
        (trim_ || feed.kind() == Feed::Kind::Tokens))
      sequence = &feed;
  if (sequence == nullptr) return {};
  const auto length = static_cast<std::size_t>(sequence->fixed_length());
  const Positions real =
      trim_ ? *kept(item)
            : Positions{0, encoder_->encode(source_->get(item, sequence->column()).strings().at(0), true).ids.size()};
  if (real.first == 0 && real.second >= length) return {};
  return Tensor::fill<bool>({sequence->fixed_length()}, [&](std::span<bool> out) {
    for (std::size_t i = 0; i < length; ++i) out[i] = i >= real.first && i < real.second;
  });
}

// Sources number their own class names; a dataset has one numbering for all its splits.
std::vector<std::int64_t> SampleMaker::renumbering(const std::vector<std::string>& classes) const {
  std::vector<std::int64_t> numbers;
  const std::vector<std::string> names = source_->classes();
  if (names == classes || classes.empty()) return {};
  for (const std::string& name : names) {
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end())
      throw Error(InputClass::Data, "class \"" + name + "\" is not among the dataset's classes", source_->id(0));
    numbers.push_back(found - classes.begin());
  }
  return numbers;
}

Tensor SampleMaker::label(std::size_t item) const {
  if (!label_) return {};
  Tensor label = source_->get(item, *label_);
  const bool number = task_ == TaskKind::Regression || task_ == TaskKind::EmbeddingSimilarity;
  label = with_dtype(label, number ? DType::Float32 : DType::Int64, "the label");
  if (task_ == TaskKind::Classification) label = class_of(label_spec_, label);
  if (const auto keep = kept(item); keep && label.rank() > 0 && feeds_.at(0).fixed_length() < 0 &&
                                    keep->second <= static_cast<std::size_t>(label.shape()[0]))
    label = rows_of(label, keep->first, keep->second);
  if (!renumbered_.empty())
    label = Tensor::scalar(renumbered_.at(static_cast<std::size_t>(label.data<std::int64_t>()[0])));
  if (number)
    for (float value : label.data<float>())
      if (!std::isfinite(value)) throw Error(InputClass::Data, "the label is not finite", source_->id(item));
  return label;
}

}  // namespace bw
