#include "run/openvino/api.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace bw::openvino {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "libopenvino_c.so.2641";
constexpr std::string_view kMajor = "2026.";

std::vector<fs::path> folders() {
  if (const char* named = std::getenv("BITWRIGHT_OPENVINO")) return {named};
  std::error_code ignored;
  return {fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path() / "lib/openvino",
          fs::path(BW_OPENVINO_ROOT) / "lib"};
}

void* opened_library() {
  for (const fs::path& folder : folders())
    if (void* library = ::dlopen((folder / kLibrary).c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
  return nullptr;
}

class Finder {
 public:
  explicit Finder(void* library) : library_(library) {}
  template <class Function>
  void find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(::dlsym(library_, name));
    complete_ = complete_ && function != nullptr;
  }
  bool complete() const { return complete_; }

 private:
  void* library_;
  bool complete_ = true;
};

bool find_models(Finder& finder, Api& api) {
  finder.find("ov_get_openvino_version", api.get_version);
  finder.find("ov_version_free", api.free_version);
  finder.find("ov_get_last_err_msg", api.last_error);
  finder.find("ov_free", api.free_text);
  finder.find("ov_core_create", api.create_core);
  finder.find("ov_core_read_model", api.read_model);
  finder.find("ov_model_free", api.free_model);
  finder.find("ov_core_compile_model_props", api.compile);
  finder.find("ov_compiled_model_free", api.free_compiled);
  finder.find("ov_compiled_model_inputs_size", api.count_inputs);
  finder.find("ov_compiled_model_outputs_size", api.count_outputs);
  finder.find("ov_compiled_model_input_by_index", api.input);
  finder.find("ov_compiled_model_output_by_index", api.output);
  finder.find("ov_port_get_any_name", api.name_of);
  finder.find("ov_port_get_element_type", api.type_of);
  finder.find("ov_port_get_partial_shape", api.extents_of);
  finder.find("ov_partial_shape_free", api.free_extents);
  finder.find("ov_output_const_port_free", api.free_place);
  return finder.complete();
}

bool find_runs(Finder& finder, Api& api) {
  finder.find("ov_compiled_model_create_infer_request", api.create_request);
  finder.find("ov_infer_request_set_input_tensor_by_index", api.set_input);
  finder.find("ov_infer_request_infer", api.infer);
  finder.find("ov_infer_request_get_output_tensor_by_index", api.get_output);
  finder.find("ov_infer_request_get_profiling_info", api.get_profile);
  finder.find("ov_profiling_info_list_free", api.free_profile);
  finder.find("ov_infer_request_free", api.free_request);
  finder.find("ov_tensor_create_from_host_ptr", api.wrap_value);
  finder.find("ov_tensor_get_element_type", api.value_type);
  finder.find("ov_tensor_get_shape", api.value_extents);
  finder.find("ov_shape_free", api.free_value_extents);
  finder.find("ov_tensor_get_byte_size", api.value_bytes);
  finder.find("ov_tensor_data", api.value_data);
  finder.find("ov_tensor_free", api.free_value);
  return finder.complete();
}

// "2026.4.1" of "2026.4.1-22982-e213a147257-releases/2026/4".
std::string version_of(const Api& api) {
  Build build;
  if (api.get_version(&build) != 0) return "";
  const std::string number(build.number);
  api.free_version(&build);
  return number.substr(0, number.find('-'));
}

std::optional<Api> found() {
  void* library = opened_library();
  if (library == nullptr) return {};
  Api api{};
  Finder finder(library);
  if (!find_models(finder, api) || !find_runs(finder, api)) return {};
  api.version = version_of(api);
  return api.version.starts_with(kMajor) ? std::optional(api) : std::nullopt;
}

}  // namespace

const Api* api() {
  static const std::optional<Api> kApi = found();
  return kApi ? &*kApi : nullptr;
}

}  // namespace bw::openvino
