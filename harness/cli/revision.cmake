# Writes a header that names the git revision of SOURCE, "unknown" where it is no checkout of its own:
#   cmake -D SOURCE=folder -D HEADER=file -P revision.cmake
# An unchanged header keeps its time, so that a build in which nothing was committed compiles nothing.
find_package(Git QUIET)
set(revision unknown)
if(GIT_FOUND)
  # A release unpacked inside someone else's repository has no revision either.
  execute_process(COMMAND ${GIT_EXECUTABLE} -C ${SOURCE} rev-parse --show-prefix
                  OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0 AND prefix STREQUAL "")
    execute_process(COMMAND ${GIT_EXECUTABLE} --no-optional-locks -C ${SOURCE}
                            describe --always --abbrev=12 --dirty --exclude *
                    OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
    if(status EQUAL 0)
      set(revision ${described})
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT [[
#pragma once

namespace cli {

inline constexpr const char* git_revision = "@revision@";

}  // namespace cli
]] @ONLY)
