#include "data/labels.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::array<std::string_view, 10> kNames{"label", "labels", "y",      "Y",       "folder",
                                                  "cls",   "class",  "target", "targets", "score"};

// What all labels have in common.
struct Look {
  bool whole = true;    // every number is a whole one
  bool one_hot = true;  // every row has one 1 among zeros
  double least = INFINITY, most = -INFINITY;
};

bool is_one_hot(const std::vector<double>& row) {
  const auto ones = std::count(row.begin(), row.end(), 1.0), zeros = std::count(row.begin(), row.end(), 0.0);
  return ones == 1 && zeros + 1 == std::ssize(row);
}

Look look_at(const Source& source, std::size_t column) {
  Look look;
  for (std::size_t item = 0; item < source.size(); ++item) {
    const std::vector<double> row = to_doubles(source.get(item, column));
    look.one_hot = look.one_hot && is_one_hot(row);
    for (const double value : row) {
      look.whole = look.whole && value == std::floor(value);
      look.least = std::min(look.least, value);
      look.most = std::max(look.most, value);
    }
  }
  return look;
}

void take_only_number(DatasetSpec& spec, const Source& source) {
  std::vector<const Column*> numbers;
  for (const Column& column : source.columns())
    if (column.kind == Column::Kind::Array) numbers.push_back(&column);
  if (numbers.size() == 1) spec.label.from = numbers[0]->name;
}

class TaskFinder {
 public:
  TaskFinder(DatasetSpec& spec, const Source& source, std::optional<std::int64_t> classes,
             std::vector<std::string>& guesses)
      : spec_(spec),
        source_(source),
        classes_(classes),
        guesses_(guesses),
        label_(find_column(source, spec.label.from)) {
    if (label_ != nullptr && label_->kind == Column::Kind::Array && label_->shape.size() <= 1)
      look_ = look_at(source, column_named(source, spec.label.from, "label"));
  }

  void find() {
    find_one_hot();
    if (!spec_.task) guess_task();
    if (spec_.task == TaskKind::Classification && look_) find_first();
  }

 private:
  void guess(std::string sentence) { guesses_.push_back(std::move(sentence)); }

  bool may_be_classes() const { return !spec_.task || spec_.task == TaskKind::Classification; }

  void find_one_hot() {
    if (spec_.label.one_hot || !look_ || !may_be_classes() || label_->shape.size() != 1) return;
    const std::int64_t width = label_->shape[0];
    if (width < 2 || !look_->one_hot || classes_.value_or(width) != width || is_language()) return;
    spec_.label.one_hot = true;
    guess("labels are one-hot: the class is where the 1 stands, among " + std::to_string(width));
  }

  void guess_task() {
    spec_.task = label_ == nullptr ? TaskKind::Outputs : task_of();
    guess("the task is " + std::string(name_of(*spec_.task)) +
          (spec_.label.from.empty() ? ": there are no labels" : ""));
  }
  TaskKind task_of() {
    if (is_pair_score(spec_, source_)) return TaskKind::EmbeddingSimilarity;
    if (spec_.label.one_hot.value_or(false)) return TaskKind::Classification;
    if (!info(label_->dtype).is_integer) return whole_floats() ? TaskKind::Classification : TaskKind::Regression;
    return is_language() ? TaskKind::LanguageModelling : TaskKind::Classification;
  }
  bool is_language() const {
    const Column* first = spec_.inputs.empty() ? nullptr : find_column(source_, spec_.inputs[0].from);
    return info(label_->dtype).is_integer && label_->shape.size() == 1 && first != nullptr &&
           first->shape == label_->shape;
  }
  bool whole_floats() {
    if (!look_ || !label_->shape.empty() || classes_.value_or(0) < 2 || !look_->whole) return false;
    if (look_->least < 0 || look_->most > static_cast<double>(*classes_)) return false;
    guess(
        "labels are whole numbers written as floats: they are taken for classes (\"task: regression\" in "
        "dataset.yaml takes them for values)");
    return true;
  }

  // Labels that run from 1 to N name N classes, the first of which is 1.
  void find_first() {
    if (!classes_ || spec_.label.first != 0 || spec_.label.one_hot.value_or(false) || look_->least < 1) return;
    constexpr std::size_t kEnough = 10;  // samples a class, so that one without any is no chance
    if (look_->least == 1 && look_->most == static_cast<double>(*classes_)) {
      spec_.label.first = 1;
      guess("labels run from 1 to " + std::to_string(*classes_) + " for " + std::to_string(*classes_) +
            " classes: the first class is called 1");
    } else if (look_->least == 1 && source_.size() >= kEnough * static_cast<std::size_t>(*classes_)) {
      guess(
          "no label is 0: if labels count from 1, every answer is held against the wrong class until dataset.yaml "
          "says label: {first: 1}");
    }
  }

  DatasetSpec& spec_;
  const Source& source_;
  std::optional<std::int64_t> classes_;
  std::vector<std::string>& guesses_;
  const Column* label_;
  std::optional<Look> look_;
};

std::vector<std::string> usual_metrics(TaskKind task) {
  switch (task) {
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

}  // namespace

void find_label(DatasetSpec& spec, const Source& source, std::vector<std::string>& guesses) {
  if (spec.task == TaskKind::Outputs) return;
  if (!spec.label.from.empty()) {
    column_named(source, spec.label.from, "label");
    return;
  }
  for (std::string_view name : kNames)
    if (const Column* column = find_column(source, name);
        column && column->kind == Column::Kind::Array && spec.label.from.empty())
      spec.label.from = name;
  if (spec.label.from.empty() && text_count(source) > 0) take_only_number(spec, source);
  if (!spec.label.from.empty()) return guesses.push_back("labels are the column \"" + spec.label.from + "\"");
  if (spec.task)
    throw Error(InputClass::Data, "the task needs labels, and there are none", source.id(0),
                "There are: " + column_names(source));
}

void find_task(DatasetSpec& spec, const Source& source, std::optional<std::int64_t> classes,
               std::vector<std::string>& guesses) {
  TaskFinder(spec, source, classes, guesses).find();
  if (spec.metrics.empty()) spec.metrics = usual_metrics(*spec.task);
}

bool is_pair_score(const DatasetSpec& spec, const Source& source) {
  const Column* label = find_column(source, spec.label.from);
  return !spec.task && label != nullptr && !info(label->dtype).is_integer && text_count(source) > 1;
}

Tensor class_of(const LabelSpec& spec, const Tensor& label) {
  std::vector<std::int64_t> values = to_int64s(label);
  if (spec.one_hot.value_or(false)) {
    if (!is_one_hot(to_doubles(label)))
      throw Error(InputClass::Data, "is not one-hot: there is not one 1 among zeros", "the label",
                  "Repair it, or say label: {one_hot: false} in dataset.yaml");
    return Tensor::scalar<std::int64_t>(std::find(values.begin(), values.end(), 1) - values.begin());
  }
  if (spec.first == 0) return label;
  for (std::int64_t& value : values) value -= spec.first;
  return Tensor::of<std::int64_t>(label.shape(), values);
}

}  // namespace bw
