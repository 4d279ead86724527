// SPDX-License-Identifier: MIT
//
// A model of the registry, in the simplest form: no credit, no backlog, no waiting, no slices. The
// caller tells it when a command was executed, and what was handed over.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/registry.h"

namespace tribar {

struct ModelMessage {
  std::uint64_t number = 0;
  AccountId account;  // the recipient's
  UnixMs time;
  std::string sender;
  std::string recipient;
  std::string text;

  [[nodiscard]] std::uint64_t bytes() const {
    return 42 + 6 + sender.size() + recipient.size() + text.size();
  }
};
using ModelMessagePtr = std::shared_ptr<const ModelMessage>;
using ModelQueue = std::map<std::uint64_t, ModelMessagePtr>;  // by number

struct ModelAccount {
  AccountId id;
  std::string name;
  ConnectionId session;
  ModelQueue undelivered;
  ModelQueue held;  // accepted and not reported as written
  std::uint64_t held_bytes = 0;
};

/// A message that a connection must get.
struct ModelDue {
  ModelMessagePtr message;
  bool is_live = true;
};

struct ModelConnection {
  AccountId account;  // whose pushes it gets
  bool is_logged_in = false;
  std::uint32_t logins = 0;  // so far
  bool is_over = false;
  bool is_gone = false;
  std::deque<ModelDue> due;
  // messages that were due when the account was deleted; until that is reported
  std::vector<std::uint64_t> lost;
};

class RegistryModel {
 public:
  explicit RegistryModel(const RegistryLimits& limits) : limits_(limits) {}

  /// Executes a command of `id` and returns its answer in the form of describe(); adds its pushes
  /// to `due` of the recipients. A LIST is executed only if its pattern is a prefix.
  std::string execute(ConnectionId id, const InputBody& command, UnixMs now);

  /// Logs out after a half-close.
  void end(ConnectionId id);
  /// Closes the connection; its due messages return. Commands may still be executed.
  void close(ConnectionId id);
  void forget(ConnectionId id) { connections_.erase(id); }
  /// Dismisses the session.
  void dismiss(ConnectionId id);
  /// The login timeout has passed.
  void expire(ConnectionId id) { connection(id).is_over = true; }

  void written(const ModelMessage& message);
  void returned(const ModelMessagePtr& message);
  /// The registry gets a report of what was written, the result of a check, or the end of the
  /// connection.
  void reported(ConnectionId id);
  /// Frees the undelivered messages of deleted accounts.
  void free_deferred();
  void set_storage(bool is_up) { is_storage_up_ = is_up; }

  [[nodiscard]] ModelConnection& connection(ConnectionId id) { return connections_[id]; }
  /// In the order of creation.
  [[nodiscard]] const std::deque<ModelAccount>& accounts() const { return accounts_; }
  /// Null if there is none.
  ModelAccount* find(std::string_view name);
  /// The bytes of all messages, wherever they are.
  [[nodiscard]] std::uint64_t queued_bytes() const;
  /// The bytes of messages whose account exists.
  [[nodiscard]] std::uint64_t kept_bytes() const;

 private:
  ModelAccount* find(AccountId id);
  void log_out(ModelConnection& connection);
  void give_back(ModelConnection& connection, bool live_only);
  std::string send(ModelConnection& connection, const Message& message, UnixMs now);
  std::string create(ConnectionId id, ModelConnection& connection, std::string_view name);
  std::string login(ConnectionId id, ModelConnection& connection, std::string_view name);
  std::string remove(ModelConnection& connection);
  std::string list(std::string_view pattern);

  RegistryLimits limits_;
  bool is_storage_up_ = true;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_account_ = 0;
  std::deque<ModelAccount> accounts_;
  ModelQueue leftovers_;                       // of deleted accounts
  std::vector<std::uint64_t> deferred_frees_;  // those of them that were undelivered
  std::map<ConnectionId, ModelConnection> connections_;
};

/// Any effect except a push, as text.
[[nodiscard]] std::string describe(const EffectBody& body);

}  // namespace tribar
