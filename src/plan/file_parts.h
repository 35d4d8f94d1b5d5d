// The parts of a plan's JSON that have files of their own.
#pragma once

#include "plan/edit.h"
#include "plan/file_fields.h"
#include "plan/scheme.h"

namespace bw::plan_file {

Json params_to_json(const QParams& params, Arrays& arrays);
QParams params_from_json(const Json& json, const std::string& where, const Arrays& arrays);

Json edit_to_json(const Edit& edit, Arrays& arrays);
Edit edit_from_json(const Json& json, const std::string& where, const Arrays& arrays);

}  // namespace bw::plan_file
