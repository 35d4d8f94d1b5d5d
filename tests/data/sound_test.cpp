#include "data/sound.h"

#include <cstring>

#include "archive/make.h"
#include "data/dataset.h"
#include "data/wav.h"

using namespace bw;
using namespace bw::test;

namespace {

Tensor decoded(const std::string& file) {
  return decode_wav(as_bytes(file), "a.wav");
}

}  // namespace

TEST_CASE("every coding of WAV gives the same numbers") {
  const Tensor wanted = Tensor::of<float>({3, 1}, {0, 0.5f, -1});
  CHECK(decoded(wav({.bits = 8}, std::string("\x80\xC0\x00", 3))) == wanted);
  CHECK(decoded(wav({.bits = 16}, std::string("\0\0\0\x40\0\x80", 6))) == wanted);
  CHECK(decoded(wav({.bits = 24}, std::string("\0\0\0\0\0\x40\0\0\x80", 9))) == wanted);
  CHECK(decoded(wav({.bits = 32}, std::string("\0\0\0\0\0\0\0\x40\0\0\0\x80", 12))) == wanted);
  const float floats[] = {0, 0.5f, -1};
  const double doubles[] = {0, 0.5, -1};
  CHECK(decoded(wav({.coding = 3, .bits = 32}, {reinterpret_cast<const char*>(floats), sizeof floats})) == wanted);
  CHECK(decoded(wav({.coding = 3, .bits = 64}, {reinterpret_cast<const char*>(doubles), sizeof doubles})) == wanted);
  CHECK(decoded(wav({.bits = 16, .extensible = true}, std::string("\0\0\0\x40\0\x80", 6))) == wanted);
  CHECK(decoded(wav({.bits = 16, .channels = 3}, std::string("\0\0\0\x40\0\x80", 6))) ==
        Tensor::of<float>({1, 3}, {0, 0.5f, -1}));
}

TEST_CASE("the format is known from the header; odd chunks and open sizes are read") {
  const std::string extra = wav({.bits = 16, .rate = 8000, .channels = 2, .note = "abc"}, std::string(8, '\x01'));
  const SoundFormat format = sound_format(as_bytes(extra), "a.wav");
  CHECK(format.sample_rate == 8000);
  CHECK(format.channels == 2);
  CHECK(format.frames == 2);
  std::string piped = wav({.bits = 16}, std::string(6, '\x01'));
  piped.replace(40, 4, "\xFF\xFF\xFF\xFF");
  CHECK(sound_format(as_bytes(piped), "a.wav").frames == 3);
}

TEST_CASE("what is no WAV file, or a damaged one, is refused") {
  const std::string good = wav({.bits = 16}, std::string(6, '\x01'));
  refuses(InputClass::Format, "a.wav: is no WAV file", [&] { decoded("RIFX"); });
  refuses(InputClass::Format, "is no WAV file", [&] { decoded(""); });
  refuses(InputClass::Format, "promises 6 bytes and holds 4", [&] { decoded(good.substr(0, good.size() - 2)); });
  refuses(InputClass::Format, "holds no sound", [&] { decoded(good.substr(0, 36)); });
  refuses(InputClass::Format, "a fmt chunk that ends early", [&] { decoded(good.substr(0, 30)); });
  refuses(InputClass::Format, "has its data before its format",
          [&] { decoded(good.substr(0, 12) + good.substr(36) + good.substr(12, 24)); });
  refuses(InputClass::Unsupported, "has coding 6 with 8 bits", [&] { decoded(wav({.coding = 6, .bits = 8}, "abc")); });
  refuses(InputClass::Unsupported, "has coding 1 with 12 bits", [&] { decoded(wav({.bits = 12}, "abc")); });
  refuses(InputClass::Format, "has no channels", [&] { decoded(wav({.bits = 8, .channels = 0}, "abc")); });
  refuses(InputClass::Data, "holds no sound", [&] { decoded(wav({.bits = 8}, "")); });
}

TEST_CASE("folders of sounds are classes; a sound is cut and filled up to the model's length") {
  Folder folder;
  put(folder.path() / "no/1.wav", wav({.bits = 8}, std::string("\xC0\x00", 2)));
  put(folder.path() / "yes/2.wav", wav({.bits = 8, .channels = 2}, std::string("\xC0\x80\x00\x80\x80\x80\x80\xC0", 8)));
  const std::vector<InputSignature> three{{"x", DType::Float32, {{-1, "N"}, {3, ""}}}};
  const auto open = [&](const std::vector<InputSignature>& inputs) {
    return open_dataset(folder.path(), inputs, {.allow_overlap = true});
  };
  const Dataset data = open(three);
  CHECK(data.task() == TaskKind::Classification);
  CHECK(data.class_names() == std::vector<std::string>{"no", "yes"});
  CHECK(data.evaluation().get(0).inputs[0] == Tensor::of<float>({3}, {0.5f, -1, 0}));
  CHECK(data.evaluation().get(1).inputs[0] == Tensor::of<float>({3}, {0.25f, -0.5f, 0}));  // the mean of the channels
  CHECK(open({{"x", DType::Float32, {{-1, "N"}, {1, ""}, {-1, "T"}}}}).evaluation().get(1).inputs[0] ==
        Tensor::of<float>({1, 4}, {0.25f, -0.5f, 0, 0.25f}));

  put(folder.path() / "dataset.yaml", "version: 1\ninputs: {x: {scale: 2, mean: 1, pad: 7, length: 5}}\n");
  CHECK(open({{"x", DType::Float32, {{-1, "N"}, {-1, "T"}, {1, ""}}}}).evaluation().get(0).inputs[0] ==
        Tensor::of<float>({5, 1}, {0, -3, 7, 7, 7}));
  put(folder.path() / "dataset.yaml", "version: 1\ninputs: {x: {mono: false}}\n");
  CHECK(open({{"x", DType::Float32, {{-1, "N"}, {2, ""}, {-1, "T"}}}}).evaluation().get(1).inputs[0] ==
        Tensor::of<float>({2, 4}, {0.5f, -1, 0, 0, 0, 0, 0, 0.5f}));
  CHECK(open({{"x", DType::Float32, {{-1, "N"}, {-1, "T"}, {2, ""}}}}).evaluation().get(1).inputs[0] ==
        Tensor::of<float>({4, 2}, {0.5f, 0, -1, 0, 0, 0, 0, 0.5f}));
}

TEST_CASE("sounds of another rate are refused, not resampled") {
  Folder folder;
  put(folder.path() / "a/1.wav", wav({.bits = 8, .rate = 16000}, "abc"));
  put(folder.path() / "b/2.wav", wav({.bits = 8, .rate = 44100}, "abc"));
  const std::vector<InputSignature> inputs{{"x", DType::Float32, {{-1, "N"}, {3, ""}}}};
  const Dataset data = open_dataset(folder.path(), inputs, {.allow_overlap = true});
  CHECK(data.evaluation().get(0).inputs[0].size() == 3);
  refuses(InputClass::Unsupported, "has 44100 frames a second, the first file has 16000",
          [&] { data.evaluation().get(1); });
  put(folder.path() / "dataset.yaml", "version: 1\ninputs: {x: {from: audio, sample_rate: 8000}}\n");
  refuses(InputClass::Unsupported, "wants 8000 frames a second, the sounds have 16000",
          [&] { open_dataset(folder.path(), inputs, {.allow_overlap = true}); });
}
