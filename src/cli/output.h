// Standard output, where every command puts its result.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace bw {

// Never fails: a command does its work to the end whoever reads what it says of it. What is lost, written() tells.
void put(std::string_view text);

template <class... Values>
void put(fmt::format_string<Values...> form, Values&&... values)
  requires(sizeof...(Values) > 0)
{
  put(std::string_view(fmt::format(form, std::forward<Values>(values)...)));
}

bool anything_put();

// Brings all that was put to the reader. 0, or why some of it did not arrive (errno of the first failure).
int written();

}  // namespace bw
