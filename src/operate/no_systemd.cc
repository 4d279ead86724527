// SPDX-License-Identifier: MIT
//
// See service.h: a build without libsystemd.
#include "operate/service.h"

namespace tribar {

namespace service {
void tell_ready(const std::string&) {}
void tell_reloading() {}
void tell_stopping() {}
void tell_status(const std::string&) {}
void tell_alive() {}
}  // namespace service

Result<std::vector<uv::SharedSocket>, std::string> take_passed_sockets() {
  return std::vector<uv::SharedSocket>{};
}

bool has_service_manager() { return false; }

std::optional<std::chrono::microseconds> watchdog_interval() { return std::nullopt; }

}  // namespace tribar
