// SPDX-License-Identifier: MIT
//
// What the checker knows of one connection of protocol 1. Here every command has an answer, but
// for ACK and PONG, and a DELIVER that is not refused. So what the registry decides is judged when
// it decides it, in its order, and what the connection is told must be just that, in the same
// order, and not before it is stored.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/conversation.h"
#include "zero/reply1.h"

namespace tribar::simulation {

class Conversation1 final : public Conversation {
 public:
  Conversation1(Ledger& ledger, std::uint64_t number);

  void taken(std::string_view bytes) override;
  void note_effect(const Effect& effect) override;
  std::vector<std::uint64_t> note_acknowledged(MessageNumber number) override;
  void note_closed(const Batch& batch) override;
  [[nodiscard]] bool is_complete() override;

 private:
  struct Pushed {
    std::string text;
    std::uint64_t charge = 0;
  };

  void ask(std::uint8_t code, std::string_view data) override;
  void hear(const FrameCut& cut) override;
  void hear_late(const FrameCut& cut) override;
  [[nodiscard]] std::string said(const Refusal& refusal) const override;

  // What the registry decides.
  void note_push(const Push& push, std::uint64_t charge);
  void note_last_word(const Refusal& refusal);
  void decide(const EffectBody& body);
  [[nodiscard]] bool may_decide(Asked& asked, const EffectBody& body);
  [[nodiscard]] bool may_create(Asked& asked, const EffectBody& body);
  [[nodiscard]] bool may_log_in(Asked& asked, const EffectBody& body);
  [[nodiscard]] bool may_accept(Asked& asked, const EffectBody& body);
  [[nodiscard]] bool may_refuse_message(const Asked& asked, const Refuse& refuse);
  [[nodiscard]] bool may_refuse_proof(const Asked& asked, const Refusal& refusal,
                                      const std::string& name, std::uint64_t account);
  void begin_session(const Asked& asked, AccountId account);
  void end_session();

  // What it is told.
  void hear_answer(const std::string& answer, const ListResponse1* list);
  void hear_late_answer(const std::string& answer);
  void hear_late_message(const Delivery1& delivery);
  [[nodiscard]] bool has_decided_answer();
  void hear_last_word(const std::string& token);
  void hear_message(const Delivery1& delivery);
  void be_told(const Asked& asked, const std::string& answer);

  std::size_t decided_ = 0;  // of asked_, the first ones
  std::deque<std::string> pings_;
  std::optional<std::string> last_word_;  // the token, decided on
  bool has_heard_ = false;
  std::uint64_t last_number_ = 0;  // told since the login
  // As the registry has decided:
  bool is_closing_ = false;
  bool is_logged_in_ = false;
  std::uint64_t account_id_ = 0;
  std::string name_;
  std::string client_;
  std::uint64_t last_pushed_ = 0;
  std::uint64_t most_pushed_ = 0;           // over all sessions
  std::map<std::uint64_t, Pushed> pushed_;  // and not acknowledged, by number
  std::uint64_t pushed_charge_ = 0;
};

}  // namespace tribar::simulation
