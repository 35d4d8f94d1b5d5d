// From item i of a source to a Sample: which columns feed the inputs, which is the label, what is cut off.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/feed.h"

namespace bw {

class SampleMaker {
 public:
  // `spec` is complete (data/resolve.h): every input, the task, the label's column.
  SampleMaker(const DatasetSpec& spec, std::span<const InputSignature> inputs, std::shared_ptr<const Source> source,
              std::shared_ptr<const TextEncoder> encoder);

  const Source& source() const { return *source_; }
  const std::shared_ptr<const Source>& shared_source() const { return source_; }
  const std::vector<Feed>& feeds() const { return feeds_; }
  Sample make(std::size_t item) const;
  Tensor label(std::size_t item) const;  // undefined without labels; InputError(data) when it is not finite

 private:
  std::vector<Tensor> inputs(std::size_t item, bool second) const;
  Tensor input(const Feed& feed, std::size_t item, std::optional<Positions> keep) const;
  std::optional<Positions> kept(std::size_t item) const;
  Tensor mask(std::size_t item) const;
  std::vector<std::int64_t> renumbering(const std::vector<std::string>& classes) const;

  TaskKind task_;
  LabelSpec label_spec_;
  std::vector<int> batch_axes_;  // as Sample has them
  std::shared_ptr<const Source> source_;
  std::shared_ptr<const TextEncoder> encoder_;
  std::vector<Feed> feeds_;
  std::optional<std::size_t> label_, trim_, second_text_;
  std::vector<std::int64_t> renumbered_;  // the source's class number -> the dataset's; empty when they are the same
};

}  // namespace bw
