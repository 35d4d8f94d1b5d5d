#include "base/hash.h"

#include <openssl/evp.h>

#include <array>

#include "base/error.h"
#include "base/file.h"

namespace bw {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  State() { check(context && EVP_DigestInit_ex(context, EVP_sha256(), nullptr)); }
  State(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
  static void check(bool ok) {
    if (!ok) throw Error(ErrorKind::Internal, "libcrypto cannot compute SHA-256");
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::add(std::span<const std::byte> bytes) {
  State::check(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
  return *this;
}

Sha256& Sha256::add(std::string_view text) {
  return add(as_bytes(text));
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  State::check(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr));
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256(std::span<const std::byte> bytes) {
  return Sha256().add(bytes).hex();
}

std::string sha256_of_file(const std::filesystem::path& path) {
  return sha256(MappedFile(path).bytes());
}

}  // namespace bw
