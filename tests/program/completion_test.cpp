// Tab completion, in the shells themselves where they are installed, and manual pages.
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <sstream>

#include "program/program.h"

namespace bw::test {
namespace {

// What a shell command prints; standard error is dropped.
std::string shell(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(("{ " + command + "; } 2>/dev/null").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  ::pclose(pipe);
  return text;
}

bool installed(const std::string& program) {
  return !shell("command -v " + program).empty();
}

// What bash offers for the last of `words`, one a line; "file" last where file names come beside.
std::string offered(const std::vector<std::string>& words) {
  std::string line =
      "bash --norc -c 'compopt() { others=; }; source <(\"" BW_BINARY "\" completion bash); others=file; ";
  line += "COMP_WORDS=(bitwright";
  for (const std::string& word : words) line += " \"" + word + "\"";
  line += "); COMP_CWORD=" + std::to_string(words.size());
  return shell(line + "; _bitwright bitwright; echo ${COMPREPLY[@]} $others'");
}

}  // namespace

TEST_CASE("bash completes commands, flags, values, and files where files are meant") {
  if (!installed("bash")) SKIP("bash is not here");
  struct Row {
    std::vector<std::string> words;
    std::string offers;
  };
  for (const auto& [words, offers] : std::vector<Row>{
           {{"be"}, "bench"},
           {{"data", ""}, "check keys"},
           {{"runs", "s"}, "show schema"},
           {{"help", "q"}, "quantize"},
           {{"completion", ""}, "bash zsh fish"},
           {{"bench", ""}, "file"},
           {{"bench", "m.onnx", "--me"}, "--methods file"},
           {{"bench", "m.onnx", "--no-b"}, "--no-baseline file"},
           {{"bench", "m.onnx", "--unch"}, "file"},
           {{"bench", "m.onnx", "--data", ""}, "file"},
           {{"bench", "m.onnx", "-o", ""}, "file"},
           {{"bench", "m.onnx", "--methods", "pt"}, "ptq_8bit ptq_8bit_all ptq_4bit ptq_4bit_all"},
           {{"bench", "m.onnx", "--methods", "fp16,ptq_8"}, "fp16,ptq_8bit fp16,ptq_8bit_all"},
           {{"bench", "m.onnx", "--methods", "=", "half"}, "half"},
           {{"bench", "m.onnx", "--methods", "="},
            "all ptq_8bit ptq_8bit_all dynamic ptq_4bit ptq_4bit_all half int8-static int8-auto int8-dynamic "
            "weight-only mixed-bits bnb4 palettize mlx "
            "float4 fp16 bf16 equalize "
            "smooth awq time-fallback fallback range-search clip importance hqq adaround gptq signround "
            "bias-correction accuracy-level"},
           {{"bench", "m.onnx", "--max-size", ""}, ""},
           {{"quantize", "m.onnx", "--recipe", "int8-d"}, "int8-dynamic"},
           {{"quantize", "m.onnx", "--target", ""}, "onnxruntime-cpu"},
           {{"runs", "show", "--js"}, "--json"},
           {{"data", "check", "--sh"}, "--show file"},
           {{"worker"}, ""},
       }) {
    std::string line;
    for (const std::string& word : words) line += " " + word;
    INFO(line);
    CHECK(offered(words) == offers + "\n");
  }
}

TEST_CASE("fish completes commands, flags and values") {
  if (!installed("fish")) SKIP("fish is not here");
  const auto fish = [](const std::string& line) {
    return shell("fish --no-config -c '\"" BW_BINARY "\" completion fish | source; complete -C \"" + line + "\"'");
  };
  CHECK(fish("bitwright ben").starts_with("bench\t"));
  CHECK(has(fish("bitwright data "), "check\nkeys\n"));
  CHECK(fish("bitwright bench m.onnx --meth").starts_with("--methods\t"));
  CHECK(fish("bitwright quantize m.onnx --recipe int8-d").starts_with("int8-dynamic\t"));
  CHECK(fish("bitwright runs compare --meth") == "");
  CHECK(fish("bitwright completion z") == "zsh\n");
}

TEST_CASE("zsh takes its completion") {
  if (!installed("zsh")) SKIP("zsh is not here");
  CHECK(shell("\"" BW_BINARY "\" completion zsh | zsh -n && echo whole") == "whole\n");
  CHECK(shell("zsh -f -c 'autoload -U compinit; compinit -D; source <(\"" BW_BINARY
              "\" completion zsh); echo $_comps[bitwright]'") == "_bitwright\n");
}

TEST_CASE("manual pages are whole and have no fault that groff knows") {
  for (const char* words : {"", "bench", "data", "data check", "runs schema"}) {
    std::vector<std::string> command{"man"};
    std::istringstream stream(words);
    for (std::string word; stream >> word;) command.push_back(word);
    const std::string page = bitwright(command).out;
    INFO(page);
    CHECK(page.starts_with(".TH BITWRIGHT"));
    CHECK(has(page, "\n.SH SEE ALSO\n"));
    if (installed("groff"))
      CHECK(shell("\"" BW_BINARY "\" man " + std::string(words) + " | groff -man -ww -Tutf8 2>&1 >/dev/null").empty());
  }
  CHECK(has(bitwright({"man", "bench"}).out,
            "\n.TP\n\\fB\\-\\-max\\-size\\fR \\fIBYTES\\fR\nmost bytes of a model; 0: no limit [0]\n"));
  CHECK(has(bitwright({"man"}).out, "\\fBbitwright\\-data\\-check\\fR(1)"));
  CHECK(bitwright({"man", "bnech"}).code == 2);
}

TEST_CASE("a shell that is none is refused by name") {
  const Outcome outcome = bitwright({"completion", "bsh"});
  CHECK(outcome.code == 2);
  CHECK(has(outcome.err, "there is no shell 'bsh'. Did you mean 'bash'? There are: bash, zsh, fish"));
}

}  // namespace bw::test
