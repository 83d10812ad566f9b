#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/printable.h"
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

/// What is wrong with a first argument that is no verb, which CLI11 says nothing about; empty where
/// it is none.
std::string unknown_verb(const CLI::App& app) {
  const std::vector<std::string> unread = app.remaining();
  if (!app.get_subcommands().empty() || unread.empty() || unread.front().starts_with('-')) {
    return {};
  }
  std::string verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    verbs += (verbs.empty() ? "" : ", ") + verb->get_name();
  }
  return "unknown verb \"" + unread.front() + "\"; one of " + verbs;
}

/// A table that the disk did not take must not look like success.
void require_written_stdout() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) base::refuse_io("standard output", "write");
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
    require_written_stdout();
    return status;
  } catch (const CLI::ParseError& error) {
    const bool is_request = error.get_exit_code() == 0;  // --help, --version
    if (const std::string cause = unknown_verb(app); !is_request && !cause.empty()) {
      std::fprintf(stderr, "ropewalk: %s\n", base::printable(cause).c_str());
      return 2;
    }
    app.exit(error);
    return is_request ? 0 : 2;
  } catch (const base::Error& error) {
    std::fprintf(stderr, "ropewalk: %s\n", error.what());  // printable by itself
    return exit_code(error.fault());
  } catch (const std::bad_alloc&) {
    std::fputs("ropewalk: out of memory; ask for shorter lengths, or `ropewalk check` what fits\n",
               stderr);
    return exit_code(base::Fault::io);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ropewalk: internal error: %s\n", base::printable(error.what()).c_str());
    return 1;
  }
}
