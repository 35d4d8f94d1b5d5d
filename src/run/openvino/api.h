// OpenVINO's C interface as far as it is used here, found in its library when the program runs. Names and layouts are
// those of version 2026; of another one it is not taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bw::openvino {

// Its own objects.
struct Core;
struct Model;
struct Compiled;
struct Request;
struct Value;
struct Place;  // an input or output

// Types that cross by value, with the layout of ov_shape_t, ov_dimension_t, ov_partial_shape_t, ...
struct Extents {
  std::int64_t rank = 0;
  std::int64_t* dims = nullptr;
};
struct Extent {
  std::int64_t least = 0, most = 0;
};
struct PartialExtents {
  Extent rank;
  Extent* dims = nullptr;
};
struct Property {
  const char* key;
  const void* value;
};
struct NodeProfile {
  int status;                        // 2: it was executed
  std::int64_t real_time, cpu_time;  // microseconds
  const char *node_name, *exec_type, *node_type;
};
struct NodeProfiles {
  NodeProfile* list = nullptr;
  std::size_t size = 0;
};
struct Build {
  const char *number = nullptr, *description = nullptr;
};

using Status = int;  // 0: done; what went wrong else, last_error() says

struct Api {
  Status (*get_version)(Build*);
  void (*free_version)(Build*);
  const char* (*last_error)();
  void (*free_text)(const char*);

  Status (*create_core)(Core**);
  Status (*read_model)(const Core*, const char* path, const char* weights, Model**);
  void (*free_model)(Model*);
  Status (*compile)(const Core*, const Model*, const char* device, std::size_t, const Property*, Compiled**);
  void (*free_compiled)(Compiled*);

  Status (*count_inputs)(const Compiled*, std::size_t*);
  Status (*count_outputs)(const Compiled*, std::size_t*);
  Status (*input)(const Compiled*, std::size_t, Place**);
  Status (*output)(const Compiled*, std::size_t, Place**);
  Status (*name_of)(const Place*, char**);
  Status (*type_of)(const Place*, int*);
  Status (*extents_of)(const Place*, PartialExtents*);
  void (*free_extents)(PartialExtents*);
  void (*free_place)(Place*);

  Status (*create_request)(const Compiled*, Request**);
  Status (*set_input)(Request*, std::size_t, const Value*);
  Status (*infer)(Request*);
  Status (*get_output)(const Request*, std::size_t, Value**);
  Status (*get_profile)(const Request*, NodeProfiles*);
  void (*free_profile)(NodeProfiles*);
  void (*free_request)(Request*);

  Status (*wrap_value)(int type, Extents, void* data, Value**);
  Status (*value_type)(const Value*, int*);
  Status (*value_extents)(const Value*, Extents*);
  Status (*free_value_extents)(Extents*);
  Status (*value_bytes)(const Value*, std::size_t*);
  Status (*value_data)(const Value*, void**);
  void (*free_value)(Value*);

  std::string version;  // "2026.4.1"
};

// nullptr when the library is not there or is of another version. It is looked for in $BITWRIGHT_OPENVINO, else in
// lib/openvino beside the program's own folder and where deps/fetch puts it.
const Api* api();

}  // namespace bw::openvino
