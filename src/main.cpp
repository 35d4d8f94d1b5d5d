#include "cli/command.h"

int main(int argc, char** argv) {
  return bw::run_program(argc, argv);
}
