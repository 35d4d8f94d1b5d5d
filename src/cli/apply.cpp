// bitwright apply: a model and a plan give the same file today, next year and on another machine.

#include "base/kept_files.h"
#include "bench/proven.h"
#include "cli/catalog.h"
#include "cli/model_flags.h"
#include "cli/output.h"
#include "model/model.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "MODEL", .says = "the ONNX model that the plan was made for", .many = false, .optional = false},
    {.name = "PLAN", .says = "plan.json", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    {.name = "output",
     .type = Parameter::Type::Text,
     .standard = "applied.onnx",
     .says = "file to write",
     .takes = "FILE",
     .heading = kResultHeading},
};

// The model as the plan's base says. An error about that names both.
LoadedModel model_for(const fs::path& path, const Plan& plan, const fs::path& plan_file) {
  try {
    return load_model_for(path, plan.base);
  } catch (const Error& error) {
    throw error.kind() == ErrorKind::Quantization ? error.within(plan_file.string()) : error;
  }
}

// What the plan makes of the model. An error names both.
Artifact made(const LoadedModel& model, const Plan& plan, const fs::path& plan_file) {
  try {
    return built(model.prepared, plan);
  } catch (const Error& error) {
    throw about(model, error).within(plan_file.string());
  }
}

int run(const Invocation& invocation) {
  require_writable(invocation.flags.text("output"));
  const fs::path plan_file = invocation.the("PLAN");
  const Plan plan = read_plan(plan_file);
  const LoadedModel model = model_for(invocation.the("MODEL"), plan, plan_file);
  say_notes(model, invocation);
  const KeptFiles kept_plan = keep(std::span(&plan_file, 1));
  require_not_kept(invocation.flags.text("output"));
  const Artifact artifact = made(model, plan, plan_file);
  Trial trial({*model.runnable, std::string(target_named(plan.target).runtime)}, made_up_samples(model.original),
              {.stop = invocation.stop});
  write_proven(artifact, invocation.flags.text("output"), trial);
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
