// NumPy's array files (.npy 1.0 to 3.0) and archives of them (.npz). Pickled objects are never read.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "tensor/tensor.h"

namespace bw {

// The array in C order. Its bytes are those of `file` (unless stored in Fortran order), so they may not be aligned for
// its type: take single rows out of it. InputError: format, limit, unsupported (pickle, structured, big-endian and text
// types).
Tensor read_npy(const Bytes& file, std::string_view where);

// An array where it lies in a file: as large as it likes, since no byte is read before it is asked for.
struct StoredArray {
  DType dtype = DType::Undefined;
  Shape shape;
  Bytes content;  // in C order, at any address
};
// An array of a type that is not read, and why.
struct RefusedArray {
  std::string name, reason;
};
// Every array of an archive by name; stored ones stay in the mapped file wherever their bytes lie. Arrays of types that
// are not read go to `refused` where there is such a list; else they are errors.
std::map<std::string, StoredArray> open_npz(const std::filesystem::path& path, const ArchiveLimits& limits = {},
                                            std::vector<RefusedArray>* refused = nullptr);
StoredArray open_npy(const std::filesystem::path& path);  // of an .npy file; errors as read_npy
// Row `row` along the first axis, aligned; shares the file's bytes where it can.
Tensor row_of(const StoredArray& array, std::size_t row);

// Row `row` of an array along its first axis, or rows [first, last); aligned; shares the array's bytes where it can.
Tensor row_of(const Tensor& array, std::size_t row);
Tensor rows_of(const Tensor& array, std::size_t first, std::size_t last);

// Every array of an archive by name ("x" for x.npy), whole.
std::map<std::string, Tensor> read_npz(const std::filesystem::path& path, const ArchiveLimits& limits = {});

// Writes arrays of types that NumPy has (no sub-byte types, no bfloat16) as an uncompressed npz, whole or not at all.
// Names must be plain: they become names of the archive's entries.
void write_npz(const std::map<std::string, Tensor>& arrays, const std::filesystem::path& path);

}  // namespace bw
