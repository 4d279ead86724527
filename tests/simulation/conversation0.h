// SPDX-License-Identifier: MIT
//
// What the checker knows of one connection of protocol 0. Each answer must be the one that is due,
// or one of those that may be: some commands have no answer, and a message to oneself looks like
// its confirmation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "simulation/conversation.h"
#include "zero/reply.h"

namespace tribar::simulation {

class Conversation0 final : public Conversation {
 public:
  Conversation0(Ledger& ledger, std::uint64_t number);

  [[nodiscard]] bool is_complete() override;

 private:
  void ask(std::uint8_t code, std::string_view data) override;
  void hear(const FrameCut& cut) override;
  void hear_late(const FrameCut& cut) override;
  [[nodiscard]] std::string said(const Refusal& refusal) const override;

  bool pass_silent(bool is_storage_refusal);
  bool pass_echo_heard();
  void settle_silent(bool is_storage_refusal);
  void hear_response(const std::string& text);
  void hear_list(const ListResponse& list);
  void hear_message(const Message& message);
  void hear_push(MessageFacts& message);
  [[nodiscard]] bool is_echo_due(const MessageFacts& message) const;
  [[nodiscard]] bool is_echo_heard(const Asked& asked) const;
  [[nodiscard]] bool hear_timeout(const std::string& text);
  void hear_dismissal();
  void judge(const Asked& asked, const std::string& text);
  void stop_listening(const Asked& asked);
  void judge_create(const Asked& asked, const std::string& text);
  void judge_login(const Asked& asked, const std::string& text);
  void judge_send(const Asked& asked, const std::string& text);
  void log_in_here(const std::string& name, std::uint64_t asked_step);

  std::size_t blocks_ = 0;  // of the first DELIVERs asked, those whose messages have begun
  std::uint64_t last_number_ = 0;
  std::set<std::string> pushed_;  // messages to itself
};

}  // namespace tribar::simulation
