// SPDX-License-Identifier: MIT
//
// See target.h.
#include "hostile/target.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <sstream>

#include "config/config.h"
#include "support/memory.h"
#include "support/over_tls.h"

namespace tribar::test {

std::string_view name_of(Engine engine) { return engine == Engine::Memory ? "memory" : "sqlite"; }

Target::Target(std::string_view settings, Engine engine) : engine_(engine) {
  write_settings(settings);
  const char* program = std::getenv("TRIBARD");
  process_.emplace(
      std::vector<std::string>{program == nullptr ? "tribard" : program, "-c", config_},
      Process::Stdio::Pipes);
  process_->read_error_until("listening on 127.0.0.1:");
  // A line of the text format ends here, one of the JSON format with a quotation mark.
  port_ = static_cast<std::uint16_t>(std::stoul(process_->read_error_until("\n")));
}

void Target::write_settings(std::string_view settings, std::string_view listeners) const {
  std::string tls;
  if (is_over_tls()) {
    Config with_tls;
    use_tls(with_tls);
    tls = fmt::format(R"(, "tls": {{"certificate": "{}", "key": "{}"}})", with_tls.tls.certificate,
                      with_tls.tls.key);
  }
  write_file(config_,
             fmt::format(R"({{"listen": [{{"host": "127.0.0.1", "port": 0, "tls": {}}}{}{}],
               "storage": {{"engine": "{}", "path": "{}"}}{}{}{}}})",
                         is_over_tls(), listeners.empty() ? "" : ", ", listeners, name_of(engine_),
                         folder_.file("tribar.db"), tls, settings.empty() ? "" : ", ", settings));
}

Target::~Target() {
  try {
    process_->signal(SIGTERM);
    EXPECT_EQ(process_->wait_for_exit(), 0) << process_->error();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

const std::string& Target::log() {
  process_->take_output();
  return process_->error();
}

std::size_t Target::resident_bytes() const { return test::resident_bytes(pid()); }

double Target::cpu_seconds() const {
  const std::string stat = read_file(fmt::format("/proc/{}/stat", pid()));
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::size_t Target::descriptors() const {
  const std::filesystem::directory_iterator open(fmt::format("/proc/{}/fd", pid()));
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

void Target::limit_descriptors(std::size_t count) {
  rlimit limit{};
  ASSERT_EQ(prlimit(pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  limit.rlim_cur = count;
  ASSERT_EQ(prlimit(pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
}

}  // namespace tribar::test
