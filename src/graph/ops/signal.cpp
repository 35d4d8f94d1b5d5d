// Signal processing, text and image decoding.
#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

constexpr OpInfo kOps[] = {
    {.name = "BlackmanWindow",
     .attributes = {integer("output_datatype", 1), integer("periodic", 1)},
     .infer = rule::window},
    {.name = "DFT",
     .inputs = {1, 3},
     .attributes = {integer("axis", 1), integer("inverse", 0), integer("onesided", 0)},
     .infer = rule::dft},
    {.name = "HammingWindow",
     .attributes = {integer("output_datatype", 1), integer("periodic", 1)},
     .infer = rule::window},
    {.name = "HannWindow",
     .attributes = {integer("output_datatype", 1), integer("periodic", 1)},
     .infer = rule::window},
    {.name = "ImageDecoder", .attributes = {text("pixel_format", "RGB")}, .infer = rule::image_decoder},
    {.name = "MelWeightMatrix",
     .inputs = {5, 5},
     .attributes = {integer("output_datatype", 1)},
     .infer = rule::mel_weight_matrix},
    {.name = "RegexFullMatch", .attributes = {text("pattern")}, .infer = rule::test},
    {.name = "STFT", .inputs = {2, 4}, .attributes = {integer("onesided", 1)}, .infer = rule::stft},
    {.name = "StringNormalizer",
     .attributes = {text("case_change_action", "NONE"), integer("is_case_sensitive", 0), text("locale"),
                    texts("stopwords")},
     .infer = rule::string_normalizer},
    {.name = "StringSplit",
     .outputs = {2, 2},
     .attributes = {text("delimiter"), integer("maxsplit")},
     .infer = rule::string_split},
    {.name = "TfIdfVectorizer",
     .attributes = {integer("max_gram_length").required(), integer("max_skip_count").required(),
                    integer("min_gram_length").required(), text("mode").required(), integers("ngram_counts").required(),
                    integers("ngram_indexes").required(), integers("pool_int64s"), texts("pool_strings"),
                    numbers("weights")},
     .infer = rule::tf_idf_vectorizer},
};

}  // namespace

std::span<const OpInfo> signal_ops() {
  return kOps;
}

}  // namespace bw
