// What calibration gathers of one value, as the sum of what its samples gave. The kinds are a catalog: one file here
// and one line in the list of statistics.cpp.
//
// A kind's class has a name, kName, and these functions: add(seen), whose values are finite (Evidence checks it);
// merge(other); write(out), and read(in), where what is read may be hostile; and ==. Where it is kept along an axis it
// is made of, and read with, that axis. All results are equal to the bit however the samples were split and merged, if
// the kind does not want them in order. In place of add(seen), a kind that needs nothing but the elements may have
// look(values), which adds them and gives what min_max gives, so that nobody else has to pass over them; values that
// are not finite spoil it, as it may have added others before it met them.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "plan/scheme.h"
#include "tensor/kernels/reduce.h"

namespace bw {

// What one sample gave for one value. The shape may be empty when no statistic by axis was asked for.
struct Observation {
  std::span<const float> values;
  std::span<const std::int64_t> shape;
  std::size_t sample = 0;  // index of the sample in the calibration set
  Range range;             // of the values; {0, 0} when there are none
};

// One statistic of any kind. Copies are deep.
class Statistic {
 public:
  template <class S>
    requires requires { S::kName; }
  explicit Statistic(S content) : content_(std::make_unique<Of<S>>(std::move(content))) {}
  Statistic(const Statistic& other) : content_(other.content_->copy()) {}
  Statistic(Statistic&&) noexcept = default;
  Statistic& operator=(Statistic other) noexcept {
    content_.swap(other.content_);
    return *this;
  }
  ~Statistic() = default;

  void add(const Observation& seen) { content_->add(seen); }
  bool looks() const { return content_->looks(); }
  MinMax look(std::span<const float> values) { return content_->look(values); }  // of one that looks
  void merge(const Statistic& other) { content_->merge(other); }
  void write(ByteWriter& out) const { content_->write(out); }
  template <class S>
  const S& as() const {  // Error(Internal) when it is of another kind
    if (const auto* same = dynamic_cast<const Of<S>*>(content_.get())) return same->content;
    throw Error(ErrorKind::Internal, "a statistic of another kind");
  }
  friend bool operator==(const Statistic& a, const Statistic& b) { return a.content_->equals(b); }

 private:
  struct Content {
    virtual ~Content() = default;
    virtual std::unique_ptr<Content> copy() const = 0;
    virtual void add(const Observation& seen) = 0;
    virtual bool looks() const = 0;
    virtual MinMax look(std::span<const float> values) = 0;
    virtual void merge(const Statistic& other) = 0;
    virtual void write(ByteWriter& out) const = 0;
    virtual bool equals(const Statistic& other) const = 0;
  };
  template <class S>
  struct Of final : Content {
    static constexpr bool kLooks = requires(S& of) { of.look({}); };
    S content;

    explicit Of(S of) : content(std::move(of)) {}
    std::unique_ptr<Content> copy() const override { return std::make_unique<Of>(content); }
    void add(const Observation& seen) override {
      if constexpr (kLooks)
        content.look(seen.values);
      else
        content.add(seen);
    }
    bool looks() const override { return kLooks; }
    MinMax look(std::span<const float> values) override {
      if constexpr (kLooks) return content.look(values);
      throw Error(ErrorKind::Internal, "a statistic that does not look");
    }
    void merge(const Statistic& other) override { content.merge(other.as<S>()); }
    void write(ByteWriter& out) const override { content.write(out); }
    bool equals(const Statistic& other) const override { return content == other.as<S>(); }
  };
  std::unique_ptr<Content> content_;
};

struct StatisticKind {
  std::string_view name;           // as evidence has it
  std::string_view says;           // one line
  bool by_axis = false;            // kept along an axis of the value
  bool samples_in_order = false;   // samples must be added one after another, in order, to one object
  bool elements_in_order = false;  // a sample's elements in another order give another result
  Statistic (*make)(int axis);     // of nothing yet
  Statistic (*read)(ByteReader& in, int axis);
};

std::span<const StatisticKind> statistics();
const StatisticKind* find_statistic(std::string_view name);   // nullptr when there is none of that name
const StatisticKind& statistic_named(std::string_view name);  // UsageError that lists the names

// Which statistic of a value: the kind's name (of the catalog, so that it stays), and the axis of those that have one.
struct StatisticKey {
  std::string_view kind;
  int axis = 0;  // from the front
  friend auto operator<=>(const StatisticKey&, const StatisticKey&) = default;
};

// For the entries of the catalog: how S is made and read.
template <class S>
Statistic make_statistic(int axis) {
  if constexpr (std::is_constructible_v<S, int>)
    return Statistic(S(axis));
  else
    return Statistic(S());
}
template <class S>
Statistic read_statistic(ByteReader& in, int axis) {
  if constexpr (std::is_constructible_v<S, int>)
    return Statistic(S::read(in, axis));
  else
    return Statistic(S::read(in));
}

}  // namespace bw
