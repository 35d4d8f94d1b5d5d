// The commands, one function per file of this folder.
#pragma once

#include "cli/command.h"

namespace bw {

Command apply_command();
Command bench_command();
Command compare_command();
Command completion_command();
Command data_check_command();
Command data_keys_command();
Command doctor_command();
Command explain_command();
Command help_command();
Command inspect_command();
Command man_command();
Command methods_command();
Command profile_command();
Command quantize_command();
Command runs_compare_command();
Command runs_list_command();
Command runs_schema_command();
Command runs_show_command();
Command worker_command();

}  // namespace bw
