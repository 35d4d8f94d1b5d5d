// What the labels of a dataset are, as far as their column tells: the task, and how a row becomes an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/sources/source.h"

namespace bw {

// Finds the column of the labels, a guess where the description does not name it. InputError(data) when the task needs
// labels and there are none.
void find_label(DatasetSpec& spec, const Source& source, std::vector<std::string>& guesses);

// Settles task, one_hot, the number of the first class, and metrics. `classes`: how many the model tells apart, when
// known. Labels that are whole numbers written as floats are classes where the model has as many; rows with one 1 among
// zeros are one-hot; labels from 1 to `classes` count from 1. Each is a guess.
void find_task(DatasetSpec& spec, const Source& source, std::optional<std::int64_t> classes,
               std::vector<std::string>& guesses);

// Two texts with a number between: how alike they are.
bool is_pair_score(const DatasetSpec& spec, const Source& source);

// The class that a label names, counted from 0, by one_hot and first. InputError(data): not one-hot.
Tensor class_of(const LabelSpec& spec, const Tensor& label);

}  // namespace bw
