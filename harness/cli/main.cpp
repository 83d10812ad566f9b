#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "harness/base/error.h"
#include "harness/cli/verbs.h"
#include "harness/cli/version.h"

namespace {

/// The one place where an error becomes an exit code.
int exit_code(base::Fault fault) {
  switch (fault) {
    case base::Fault::input:
      return 2;
    case base::Fault::cancelled:
      return 4;
    case base::Fault::io:
      return 5;
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Ropewalk: how long a context does a LLaMA-family checkpoint really support?"};
  app.name("ropewalk");
  app.require_subcommand(1);
  app.set_version_flag("--version", cli::version());
  int status = 0;
  for (const cli::Verb verb : cli::verbs()) verb(app, status);
  try {
    app.parse(argc, argv);
    return status;
  } catch (const CLI::ParseError& error) {
    const bool is_request = error.get_exit_code() == 0;  // --help, --version
    app.exit(error);
    return is_request ? 0 : 2;
  } catch (const base::Error& error) {
    std::fprintf(stderr, "ropewalk: %s\n", error.what());
    return exit_code(error.fault());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ropewalk: internal error: %s\n", error.what());
    return 1;
  }
}
