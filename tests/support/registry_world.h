// SPDX-License-Identifier: MIT
//
// A registry with a simulated loop and store, driven by external choices (a seeded generator, or
// the bytes of a fuzzer), and compared with RegistryModel step by step: for each connection the
// answers in the order of its commands, what is handed over, the credit, and the held messages. A
// second registry with another hash key must do the same.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/registry.h"
#include "support/registry_model.h"

namespace tribar {

struct WorldSettings {
  RegistryLimits limits;
  bool keeps_records = false;
  bool has_long_names = false;  // so that LISTs take many steps
  std::uint64_t connections = 5;
};

class RegistryWorld {
 public:
  /// Chooses a number below its argument, which is not zero.
  using Choose = std::function<std::uint32_t(std::uint32_t)>;

  RegistryWorld(const WorldSettings& settings, Choose choose);

  /// Applies a few inputs.
  void step();
  /// Lets every peer read until nothing is left to do; nothing may be stuck.
  void settle();
  /// Closes everything, then reads every queue to its end.
  void drain();
  /// Starts a registry from the store and compares it with the model.
  void check_store();

  /// The first check that failed; empty if none did.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] std::uint64_t inputs() const { return inputs_; }

 private:
  /// A command in progress, or a LoginExpired after some.
  struct Pending {
    InputBody body;  // its views point to permanent names, and to `text`
    std::string text;
    std::uint32_t bytes = 0;
    std::uint64_t asked_at = 0;
    bool is_long_list = false;
  };
  /// An effect that the loop must write.
  struct Owed {
    std::uint32_t charge = 0;
    ModelMessagePtr message;  // of a push
    bool is_live = false;
  };
  struct Peer {
    ConnectionId id;
    std::deque<Pending> pending;
    std::deque<Owed> outbox;
    std::deque<Owed> unreported;  // written, but not reported to the registry
    std::uint64_t owed = 0;       // both together
    bool has_ended = false;
    bool is_closed = false;     // Close came
    bool was_expired = false;   // LoginExpired was sent
    bool is_known = false;      // the registry has had an input of it
    bool is_dismissed = false;  // dismissed, but not informed yet
  };
  struct Stray {
    ConnectionId id;
    Owed owed;
  };
  struct PastAccount {
    AccountId id;
    std::string name;
    std::uint64_t created_at = 0;
    std::uint64_t deleted_at = 0;  // 0: it exists
  };
  struct Store {
    std::map<std::uint64_t, std::string> accounts;
    std::map<std::uint64_t, ModelMessage> messages;
    AccountId last;
    MessageNumber below;
  };

  void fail(const std::string& what);
  bool expect(bool holds, const char* claim);

  /// Sends a command. `is_next`: it arrived together with the input before it, which is of this
  /// peer.
  void ask(Peer& peer, bool is_next);
  InputBody choose_command(Pending& pending);
  std::string_view choose_name();
  std::string_view choose_recipient();
  std::string_view choose_own_name(const Peer& peer);
  void write(Peer& peer, std::size_t frames);
  void report(Peer& peer);
  void half_close(Peer& peer);
  void close(Peer& peer);
  void expire_login(Peer& peer);
  void dismiss(Peer& peer);
  void give_back(ConnectionId id, const Owed& owed);
  void return_stray();
  void change_credit();
  [[nodiscard]] bool is_report_due(const Peer& peer) const;

  void apply(ConnectionId from, std::uint32_t bytes, const InputBody& body, bool is_next = false);
  void see_effects(std::size_t from);
  void see_joined(const Effect& before, const Effect& after, const Input& input,
                  const Input* input_before);
  void see_push(const Effect& effect, const Push& push);
  void see_answer(const Effect& effect);
  void see_completion(Peer& peer, const Effect& effect);
  void see_long_list(const Pending& pending, const EffectBody& body);
  void owe(Peer& peer, Owed owed);
  [[nodiscard]] bool can_be_listed(std::uint64_t asked_at, std::string_view names,
                                   std::size_t first) const;
  void note_accounts();
  void forget_accounts();
  void after_commands(Peer& peer);
  void keep_record(const Record& record);
  void own(InputBody& body);
  void own(std::string_view& bytes);
  [[nodiscard]] Peer* find(ConnectionId id);

  WorldSettings settings_;
  std::uint64_t most_credit_;              // of all there were
  std::deque<RegistryLimits> all_limits_;  // of the Reconfigureds
  Choose choose_;
  Registry registry_;
  Registry twin_;
  RegistryModel model_;
  Output output_;
  Output twin_output_;
  // The current batch, which is freed with the outputs from time to time.
  std::deque<Input> batch_;
  std::vector<std::unique_ptr<char[]>> batch_bytes_;
  const char* row_text_ = nullptr;  // the text of the message that was confirmed last
  std::vector<Peer> peers_;
  std::deque<Stray> strays_;
  std::deque<PastAccount> history_;
  Store store_;
  std::vector<bool> is_written_;  // by number
  std::uint64_t texts_ = 0;
  std::uint64_t inputs_ = 0;
  std::uint64_t most_charge_ = 100;  // of one frame so far
  bool is_storage_up_ = true;
  std::string trouble_;
};

}  // namespace tribar
