#include "method/absorption.h"

#include <algorithm>
#include <cmath>

#include "observe/statistics/channel_range.h"

namespace bw {
namespace {

constexpr float kRoom = 1.25F;  // what was not seen may be that much larger than what was

bool has_pads(const Node& node) {
  const std::vector<std::int64_t> pads = node.ints_or("pads", {});
  return std::ranges::any_of(pads, [](std::int64_t pad) { return pad != 0; }) ||
         node.string_or("auto_pad", "NOTSET").starts_with("SAME");
}

}  // namespace

bool Absorber::pads_with_zeros(const Node& node) const {
  if (node.is("Conv")) return has_pads(node);
  return node.is("AveragePool") && has_pads(node) && node.int_or("count_include_pad", 0) != 0;
}

void Absorber::add(const Absorption& absorption, const std::vector<NodeId>& between) {
  const auto pads = [&](NodeId id) { return pads_with_zeros(graph_.node(id)); };
  if (!pads(absorption.next) && std::ranges::none_of(between, pads)) all_.push_back(absorption);
}

Needs Absorber::needs() const {
  Needs needs;
  for (const Absorption& one : all_) needs.add(graph_.value(one.cut).name, {ChannelRangeStatistic::kName, one.axis});
  return needs;
}

void Absorber::look_at(const Evidence& evidence) {
  for (Absorption& one : all_)
    for (const Range& seen : evidence.value(graph_.value(one.cut).name).get<ChannelRangeStatistic>(one.axis).ranges())
      one.lowered.push_back(kRoom * seen.high < one.bound ? std::max(0.0F, seen.low) : 0);
}

void Absorber::believe(const std::map<std::string, ChannelMoments>& stated) {
  constexpr double kDeviations = 3;
  for (Absorption& one : all_) {
    const auto found = stated.find(graph_.value(one.cut).name);
    if (found == stated.end()) continue;
    const auto& [means, variances] = found->second;
    for (std::size_t c = 0; c < means.size(); ++c) {
      const double reach = kDeviations * std::sqrt(variances[c]);
      one.lowered.push_back(means[c] + reach < static_cast<double>(one.bound) ? std::max(0.0, means[c] - reach) : 0);
    }
  }
}

std::size_t Absorber::edit(SliceEditor& editor, Plan& plan) const {
  std::map<std::pair<NodeId, int>, std::vector<double>> biases;
  const auto add = [&](const Slices& bias, const std::vector<double>& change, double sign) {
    std::vector<double>& sum = biases[{bias.node, bias.input}];
    sum.resize(change.size(), 0);
    for (std::size_t c = 0; c < change.size(); ++c) sum[c] += sign * change[c];
  };
  std::size_t lowered = 0;
  for (const Absorption& one : all_) {
    const auto count = std::ranges::count_if(one.lowered, [](double c) { return c > 0; });
    if (count == 0) continue;
    lowered += static_cast<std::size_t>(count);
    const Tensor& weight = graph_.value(graph_.node(one.next).input(1)).initializer;
    const std::vector<double> numbers(weight.data<float>().begin(), weight.data<float>().end());
    add(one.bias, one.lowered, -1);
    add(one.next_bias, output_means(graph_.node(one.next), weight.shape(), numbers, one.lowered), 1);
  }
  for (const auto& [where, change] : biases) {
    const Tensor& bias =
        graph_.value(graph_.node(where.first).input(static_cast<std::size_t>(where.second))).initializer;
    const Tensor content = Tensor::fill<float>(bias.shape(), [&](std::span<float> out) {
      for (std::size_t c = 0; c < out.size(); ++c)
        out[c] = static_cast<float>(static_cast<double>(bias.data<float>()[c]) + change[c]);
    });
    plan.edits.emplace_back(ReplaceConstant{editor.own_constant(where.first, where.second, plan), content});
  }
  return lowered;
}

}  // namespace bw
