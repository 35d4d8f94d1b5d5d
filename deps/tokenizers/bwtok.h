// Hugging Face's tokenizers behind a C interface: a tokenizer.json in memory, text in, token ids out.
// Padding and truncation that the file asks for are switched off: the caller decides on lengths.
// A tokenizer may be used by several threads at once. Nothing here unwinds into the caller.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bwtok bwtok;

// Arrays of equal length, owned by the library until bwtok_encoding_free.
typedef struct bwtok_encoding {
  size_t length;
  uint32_t* ids;
  uint32_t* attention_mask;
  uint32_t* type_ids;
} bwtok_encoding;

// Reads a tokenizer.json. NULL on failure; then *error is a text for bwtok_string_free.
bwtok* bwtok_create(const uint8_t* json, size_t size, char** error);
void bwtok_free(bwtok* tokenizer);

// Encodes UTF-8 text. 0 on success; else *error is a text for bwtok_string_free and *out is empty.
int bwtok_encode(const bwtok* tokenizer, const uint8_t* text, size_t size, int add_special_tokens, bwtok_encoding* out,
                 char** error);
void bwtok_encoding_free(bwtok_encoding* encoding);

// Number of tokens, those added to the model's vocabulary included.
size_t bwtok_vocab_size(const bwtok* tokenizer);

// The id of a token, or -1.
int64_t bwtok_token_to_id(const bwtok* tokenizer, const uint8_t* token, size_t size);

// The token of an id as text for bwtok_string_free, or NULL.
char* bwtok_id_to_token(const bwtok* tokenizer, uint32_t id);

void bwtok_string_free(char* text);

#ifdef __cplusplus
}
#endif
