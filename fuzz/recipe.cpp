// Recipes: what parses is the same after a round trip.
#include "plan/recipe.h"
#include "base/file.h"
#include "fuzz.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const Recipe recipe = parse_recipe(as_text(bytes));
  require(parse_recipe(to_string(recipe)) == recipe, "parse(to_string(recipe)) is the recipe");
}
