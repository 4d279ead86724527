// SPDX-License-Identifier: MIT
//
// The core: users, their connections, and their queued messages. A deterministic state machine
// without threads, sockets, clock, randomness or log: the same inputs give the same output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/siphash.h"
#include "registry/accounts.h"
#include "registry/input.h"
#include "registry/listing.h"
#include "registry/output.h"
#include "registry/registry_counters.h"
#include "registry/registry_limits.h"
#include "registry/session.h"
#include "registry/throttle.h"

namespace tribar {

class Registry {
 public:
  /// `key`: for hashing names; a secret in a server, anything in a test. No output depends on it.
  /// `keeps_records`: whether a journal stores Output::records.
  Registry(const RegistryLimits& limits, HashKey key, bool keeps_records);

  /// Applies one input and appends what must happen to `out`. `now`: the time of the batch. Effects
  /// point to the message in `input`, which must live as long as `out`.
  void apply(const Input& input, UnixMs now, Output& out);
  /// Applies all inputs of a batch, in order.
  void apply_all(std::span<Input> inputs, UnixMs now, Output& out);

  /// Whether the registry needs a Continue, because some work was too long for one step.
  [[nodiscard]] bool has_more_to_do() const {
    return may_go_on_listing() || !deferred_frees_.empty() || unresumed_ > 0;
  }

  /// Start-up: adds what the journal has stored, before the first apply(). Accounts come in
  /// ascending order of ids, messages in ascending order of numbers. A secret or a client takes the
  /// place of the one before. False: an account with this id or name exists already, or the account
  /// does not exist.
  [[nodiscard]] bool restore_account(AccountId id, std::string_view name);
  [[nodiscard]] bool restore_secret(AccountId account, std::string_view hash);
  [[nodiscard]] bool restore_client(AccountId account, std::string_view client, std::uint64_t n,
                                    MessageNumber number);
  [[nodiscard]] bool restore_message(AccountId recipient, KeptMessage::Ptr message);
  /// Takes back what was restored. With an account goes what belongs to it; returns the numbers of
  /// its messages, none if it is not there. False: there is no such message.
  std::vector<MessageNumber> forget_restored_account(AccountId id);
  bool forget_restored_message(AccountId recipient, MessageNumber number);
  /// Nothing else is restored afterwards. `last`: the highest account id ever used; `below`: see
  /// NumbersReserved.
  void restore_counters(AccountId last, MessageNumber below);
  /// Start-up, afterwards: numbers go on from `number` at least.
  void skip_numbers_below(MessageNumber number);

  [[nodiscard]] std::size_t account_count() const { return accounts_.size(); }
  /// What counts against RegistryLimits::queued_bytes: all messages that are not reported as
  /// written, including those of deleted accounts until they are freed.
  [[nodiscard]] std::uint64_t queued_bytes() const { return queued_bytes_; }
  /// For metrics; any thread may read them.
  [[nodiscard]] const RegistryCounters& counters() const { return counters_; }

 private:
  /// The secret of a command was right, or there was none to check.
  struct Proof {
    AccountId account;
    std::uint64_t generation = 0;  // of its secret when the check began
    std::string_view new_hash;     // see Answered
  };

  /// The context of one apply(): its time, and where its output goes.
  struct Turn {
    UnixMs now;
    Output& out;
    Protocol protocol = Protocol::Zero;  // of the input
    const Proof* proof = nullptr;        // of a command that was checked
  };

  /// Messages of a deleted account, at least one, to be freed later.
  struct DeferredFree {
    MessageList messages;
    std::size_t recipient_bytes;  // of its name, which is charged for each message
  };

  // Dispatch and the life of sessions.
  void fetch_ahead(std::span<Input> inputs);
  void execute(Session& session, const Input& input, Turn& turn);
  void reconfigure(const RegistryLimits& limits);
  Session& session_of(ConnectionId id);
  [[nodiscard]] Session* find_session(ConnectionId id);
  void log_in(Session& session, Account& account, std::string_view client);
  void log_out(Session& session, Turn& turn);
  void end_when_done(Session& session, Turn& turn);
  void login_expired(Session& session, const LoginExpired& expired, Turn& turn);
  void finish(Session& session, Turn& turn);
  void finish_when_idle(Session& session, Turn& turn);
  void dismiss(Session& session, Refusal refusal, Turn& turn);
  void closed(Session& session, Turn& turn);

  // Commands: commands.cc.
  void send(Session& session, const Input& input, const Message& message, Turn& turn);
  MessageNumber accept(Account& recipient, const Message& message, std::uint32_t charge,
                       bool is_portable, Turn& turn);
  void push(Session& reader, Account& account, const Message* message, MessageNumber number,
            UnixMs time, bool is_live, bool is_portable, Turn& turn);
  void confirm(Session& session, const Input& input, const Message& message, std::uint32_t charge,
               Turn& turn);
  [[nodiscard]] std::optional<Refusal> refuse_message_for(const Account& recipient,
                                                          std::uint64_t charge) const;
  void keep_record_of(const Account& recipient, MessageNumber number, UnixMs time,
                      const Message& message, Turn& turn);
  void create(Session& session, const Input& input, const Create& command, Turn& turn);
  void login(Session& session, const Input& input, const Login& command, Turn& turn);
  void list(Session& session, std::uint32_t command_bytes, std::string_view pattern, Turn& turn);
  void answer_listing(Session& session, Listing& listing, Listing::State state, Turn& turn);
  [[nodiscard]] bool may_go_on_listing() const {
    return !listings_.is_empty() && owed_names_ < limits_.listing_bytes;
  }
  void deliver(Session& session, std::uint32_t command_bytes, Turn& turn);
  void remove(Session& session, const Input& input, const Delete& command, Turn& turn);
  Account& add_account(std::string_view name, std::string_view hash, Turn& turn);
  void erase(Account& account, Turn& turn);
  void reject(Session& session, std::uint32_t command_bytes, const Rejected& rejected, Turn& turn);
  void refuse(Session& session, std::uint32_t completes_bytes, Refusal refusal, Turn& turn,
              std::optional<std::uint64_t> n = {});
  template <typename Body>  // answer.h
  void answer(Session& session, std::uint32_t completes_bytes, std::uint32_t charge,
              const Body& body, Turn& turn);
  void go_on(Turn& turn);

  // What an operator asks: operations.cc.
  void operate(const Operate& operation, Turn& turn);
  OperationResult carry_out(const AddAccount& addition, OperationAnswer& answer, Turn& turn);
  OperationResult carry_out(const DeleteAccount& deletion, OperationAnswer& answer, Turn& turn);
  OperationResult carry_out(const ReplaceHash& change, OperationAnswer& answer, Turn& turn);
  OperationResult carry_out(const EndSession& end, OperationAnswer& answer, Turn& turn);
  OperationResult carry_out(const ShowAccount& question, OperationAnswer& answer, Turn& turn);
  OperationResult carry_out(const ShowSessions& question, OperationAnswer& answer, Turn& turn);

  // Secrets: secrets.cc.
  [[nodiscard]] std::optional<Refusal> refuse_creation(const Session& session,
                                                       const Create& command, const Turn& turn);
  [[nodiscard]] std::optional<Refusal> refuse_login(const Session& session, const Account* account,
                                                    const Login& command, const Turn& turn) const;
  [[nodiscard]] std::optional<Refusal> refuse_secret_change(const Session& session,
                                                            const SetSecret& command,
                                                            const Turn& turn);
  [[nodiscard]] std::optional<Refusal> refuse_proof(const Account& account, std::string_view secret,
                                                    const Turn& turn) const;
  [[nodiscard]] static bool may_send(const Session& session, std::string_view secret);
  [[nodiscard]] static bool is_certified(const Session& session, const Login& command,
                                         const Turn& turn);
  void set_secret(Session& session, const Input& input, const SetSecret& command, Turn& turn);
  void keep_hash(Account& account, std::string_view hash, Turn& turn);
  void check(Session& session, const Input& input, const Check& what, std::uint64_t generation,
             Turn& turn);
  void check_secret(Session& session, const Input& input, Account& account, std::string_view secret,
                    std::string_view new_secret, Turn& turn);
  void answered(Session& session, const Answered& result, Turn& turn);
  [[nodiscard]] AccountId account_named_by(const Input& input);

  // Numbered messages and their acknowledgement: numbered.cc.
  void introduce(Session& session, const Introduced& introduced);
  void send_numbered(Session& session, const Input& input, const SendNumbered& command, Turn& turn);
  [[nodiscard]] bool fits_old_frame(const Message& message) const;
  void note_sent(Account& sender, const std::string& client, std::uint64_t n, MessageNumber number,
                 Turn& turn);
  void offer(Session& reader, Account& account, KeptMessage::Ptr kept, const Message& message,
             Turn& turn);
  void push_numbered(Session& reader, const Account& account, KeptMessage::Ptr kept,
                     const Message* message, Turn& turn);
  void push_queue(Session& reader, Turn& turn);
  [[nodiscard]] bool may_push_numbered(const Session& reader) const;
  [[nodiscard]] static bool has_pushes_elsewhere(const Session& reader, const Account& account,
                                                 std::size_t in_hand);
  void acknowledge(Session& session, std::uint32_t command_bytes, MessageNumber number, Turn& turn);
  void keep_until_written(Session& reader, const Account& account, KeptMessage::Ptr kept);
  void return_kept(Session& session, Turn& turn);
  void free_kept(Session& session, std::size_t recipient_bytes);
  void forget_orphans(Session& session);
  void answer_ping(Session& session, std::uint32_t command_bytes, const Ping& ping, Turn& turn);
  [[nodiscard]] bool goes_ahead(const Session& session, const Input& input) const;

  // Flow control towards readers: flow.cc.
  [[nodiscard]] bool must_wait(const Session& session) const;
  void written(Session& session, const Written& written, Turn& turn);
  void returned(Session* session, const Returned& returned, Turn& turn);
  void push_to_next_reader(const Account& account, Turn& turn);
  static void forget_owed_number(Session& session, MessageNumber number);
  static void forget_orphan(Session& session, std::uint32_t kept_charge);
  void drop_returned(MessageNumber number, std::uint32_t charge, Turn& turn);
  void returned_kept(Session* session, const Returned& returned, Turn& turn);
  void note_written_names(Session& session, std::uint64_t still_owed);
  void drain(Session& session, Turn& turn);
  void resume(Session& session, Turn& turn);
  void resume_some(Turn& turn);
  void execute_front(Session& session, Turn& turn);
  void execute_copy(Session& session, WaitingCommand command, Turn& turn);
  void return_runs(Session& session, bool live_only, Turn& turn);
  void count_queued(std::uint64_t charge);
  void count_unqueued(std::uint64_t charge, std::uint32_t messages = 1);

  RegistryLimits limits_;
  bool keeps_records_;
  bool is_storage_up_ = true;
  Accounts accounts_;
  AccountId last_account_;
  MessageNumber last_number_;
  MessageNumber reserved_;         // numbers below this are stored as used
  std::vector<Session> sessions_;  // by ConnectionId::slot()
  // The first so many of them may wait although they have credit now: see Reconfigured.
  std::size_t unresumed_ = 0;
  Listings listings_;
  std::deque<DeferredFree> deferred_frees_;  // freed in steps, see kDeferredFreesPerStep
  Throttle throttle_;
  std::uint64_t queued_bytes_ = 0;
  RegistryCounters counters_;
  std::uint64_t owed_names_ = 0;                               // the sum of Session::owed_names
  std::unordered_map<std::uint64_t, std::uint32_t> restored_;  // places by id, at start-up only
};

}  // namespace tribar
