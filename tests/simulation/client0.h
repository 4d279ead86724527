// SPDX-License-Identifier: MIT
//
// A made-up client of protocol 0.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "simulation/client.h"
#include "zero/command.h"

namespace tribar::simulation {

class Client0 final : public Client {
 public:
  Client0(const World& world, Manner manner, Dial dial)
      : Client(world, manner, std::move(dial), kVersion0) {}

  void dial() override;

  // For a plan instead of a manner:
  void ask(const Command& command) { append_command(link_->travelling, command); }
  /// A new message, of the account that this client is to log in to.
  void send(std::string_view recipient, std::size_t bytes);

 private:
  void take_frame(const FrameCut& cut) override;
  void write_command(std::string& out) override;
  void write_mistake(std::string& out) override;
  void harm() override;
  [[nodiscard]] bool must_wait() const override { return awaits_list_ || is_spoilt_; }
  void note_list_answered();

  bool is_logged_in_ = false;
  bool has_asked_login_ = false;
  bool wants_create_ = true;
  bool awaits_list_ = false;  // behind a DELETE nothing else is asked before
  std::size_t lists_due_ = 0;
};

}  // namespace tribar::simulation
