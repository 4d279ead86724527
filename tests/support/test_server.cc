// SPDX-License-Identifier: MIT
//
// See test_server.h.
#include "support/test_server.h"

#include <gtest/gtest.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <future>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/thread_name.h"
#include "support/over_tls.h"
#include "support/test_peer.h"
#include "support/xor_filter.h"

namespace tribar::test {
namespace {

std::uint16_t port_in(const std::string& address) {
  std::uint16_t port = 0;
  if (address.starts_with("unix:")) {
    return port;
  }
  const std::size_t colon = address.rfind(':');
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  return port;
}

}  // namespace

TestServer::TestServer(Config config, bool is_public) {
  // As in tribard: a peer that disconnects must not end the process.
  std::signal(SIGPIPE, SIG_IGN);
  config.log.level = log::Level::Error;
  log::configure(config.log.level, config.log.format);
  ListenerSettings at_port{"127.0.0.1", 0};
  for (const ListenerSettings& each : config.listen) {
    if (each.socket.empty()) {
      at_port.allows_zero = each.allows_zero;
      at_port.allows_one = each.allows_one;
    }
  }
  std::erase_if(config.listen, [](const ListenerSettings& l) { return l.socket.empty(); });
  config.listen.insert(config.listen.begin(), at_port);
  const std::string socket_path = folder_.file("socket");
  const bool is_at_socket = std::getenv("TRIBAR_TEST_SOCKET") != nullptr;
  if (is_at_socket) {
    config.listen.push_back({.socket = socket_path});
  }
  if (const char* loops = std::getenv("TRIBAR_TEST_IO_LOOPS")) {
    config.io_loops = static_cast<unsigned>(std::stoul(loops));
  }
  if (is_over_tls()) {
    use_tls(config);
  }
  TransportFilter filter;
  if (is_filtered() || is_public) {
    const XorFilter::Options options{.scrambles = is_filtered(), .is_private = !is_public};
    filter = [options](std::unique_ptr<Transport> socket) {
      return std::make_unique<XorFilter>(std::move(socket), options);
    };
  }
  server_ = std::make_unique<Server>(config, filter);
  port_ = port_in(server_->addresses().front());
  config_ = config;
  server_->set_config_file(folder_.file("tribard.json"));
  if (is_at_socket) {
    connect_at_socket(port_, socket_path);
  }
  thread_ = std::thread([this] {
    name_thread("loop 0");
    ending_ = server_->run(false);
  });
}

TestServer::~TestServer() { stop(); }

ReloadResult TestServer::reload(const std::function<void(Config&)>& change) {
  change(config_);
  return reload(print_config(config_));
}

ReloadResult TestServer::reload(std::string_view text) {
  write_file(folder_.file("tribard.json"), text);
  std::promise<ReloadResult> promise;
  server_->reload([&](const ReloadResult& result) {
    ports_.clear();
    for (const std::string& address : server_->addresses()) {
      ports_.push_back(port_in(address));
    }
    promise.set_value(result);
  });
  return promise.get_future().get();
}

void TestServer::begin_stop() {
  if (!std::exchange(is_stopping_, true)) {
    server_->stop();
  }
}

void TestServer::stop() {
  if (!thread_.joinable()) {
    return;
  }
  begin_stop();
  thread_.join();
  EXPECT_NE(ending_, Ending::LeftOpen) << "the server left something open";
}

}  // namespace tribar::test
