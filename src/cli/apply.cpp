// bitwright apply: a model and a plan give the same file today, next year and on another machine.

#include "base/kept_files.h"
#include "bench/model.h"
#include "bench/proven.h"
#include "cli/catalog.h"
#include "cli/model_flags.h"
#include "cli/output.h"
#include "method/method.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "MODEL", .says = "the ONNX model that the plan was made for", .many = false, .optional = false},
    {.name = "PLAN", .says = "plan.json", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    kRequantizeFlag,
    {.name = "output",
     .type = Parameter::Type::Text,
     .standard = "applied.onnx",
     .says = "file to write",
     .takes = "FILE",
     .heading = kResultHeading},
};

// What the plan makes of the model. An error names both.
Artifact made(const LoadedModel& model, const Plan& plan, const fs::path& plan_file) {
  const Chain chain = resolve(parse_recipe(plan.provenance.recipe));
  try {
    return target_named(plan.provenance.target).lower(apply(model.prepared, plan), lowering(chain));
  } catch (const Error& error) {
    throw about(model, error).within(plan_file.string());
  }
}

int run(const Invocation& invocation) {
  require_writable(invocation.flags.text("output"));
  const LoadedModel model =
      load_model(invocation.the("MODEL"), {.read = {}, .requantize = invocation.flags.flag("requantize")});
  const fs::path plan_file = invocation.the("PLAN");
  const KeptFiles kept_plan = keep(std::span(&plan_file, 1));
  require_not_kept(invocation.flags.text("output"));
  const Artifact artifact = made(model, read_plan(plan_file), plan_file);
  Trial trial(*model.runnable, made_up_samples(model.original), {});
  write_proven(artifact.graph, invocation.flags.text("output"), trial);
  put("wrote {}\n", invocation.flags.text("output"));
  return 0;
}

}  // namespace

Command apply_command() {
  return {.name = "apply",
          .says = "make the file that a plan describes",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright apply MODEL.onnx plan.json -o small.onnx"};
}

}  // namespace bw
