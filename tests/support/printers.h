// SPDX-License-Identifier: MIT
//
// How values appear when a test fails. Found by gtest through their namespace.
#pragma once

#include <ostream>
#include <variant>

#include "base/ids.h"
#include "chat/refusal.h"
#include "registry/effect.h"
#include "registry/input.h"
#include "registry/record.h"
#include "zero/command.h"
#include "zero/reply.h"

namespace tribar {

inline void PrintTo(ConnectionId id, std::ostream* out) {
  *out << "connection " << id.slot() << '.' << id.generation();
}
inline void PrintTo(AccountId id, std::ostream* out) { *out << "account " << id.value; }
inline void PrintTo(MessageNumber number, std::ostream* out) { *out << '#' << number.value; }
inline void PrintTo(UnixMs time, std::ostream* out) { *out << time.value << " ms"; }

inline void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << "no: " << token_of(refusal.code) << '(' << refusal.found << ", " << refusal.allowed
       << ')';
}
inline void PrintTo(const Message& message, std::ostream* out) {
  *out << message.sender << " to " << message.recipient << " '" << message.text << '\'';
}

inline void PrintTo(const Create& create, std::ostream* out) {
  *out << "Create '" << create.username << '\'';
}
inline void PrintTo(const List& list, std::ostream* out) {
  *out << "List '" << list.pattern << '\'';
}
inline void PrintTo(const Send& send, std::ostream* out) {
  *out << "Send ";
  PrintTo(send.message, out);
}
inline void PrintTo(const Deliver&, std::ostream* out) { *out << "Deliver"; }
inline void PrintTo(const Delete&, std::ostream* out) { *out << "Delete"; }
inline void PrintTo(const Login& login, std::ostream* out) {
  *out << "Login '" << login.username << '\'';
}

inline void PrintTo(const Response& response, std::ostream* out) {
  *out << "Response '" << response.error << '\'';
}
inline void PrintTo(const ListResponse& list, std::ostream* out) {
  *out << "ListResponse";
  for (const auto& name : list.usernames) {
    *out << " '" << name << '\'';
  }
}
inline void PrintTo(const Delivery& delivery, std::ostream* out) {
  *out << "Delivery ";
  PrintTo(delivery.message, out);
}

inline void PrintTo(const Push& push, std::ostream* out) {
  *out << (push.is_live ? "Push " : "Push of DELIVER ");
  PrintTo(push.number, out);
  *out << ' ';
  PrintTo(*push.message, out);
  *out << " (";
  PrintTo(push.account, out);
  *out << ", ";
  PrintTo(push.time, out);
  *out << (push.wants_report ? ", wants report" : "") << (push.is_kept ? ", kept" : "")
       << (push.is_portable ? ")" : ", not portable)");
}
inline void PrintTo(const Echo& echo, std::ostream* out) {
  *out << "Echo ";
  PrintTo(*echo.message, out);
  if (echo.more > 0) {
    *out << " and " << echo.more << " more of " << echo.more_bytes << " bytes";
  }
}
inline void PrintTo(const LoggedIn& entry, std::ostream* out) {
  *out << (entry.is_new ? "Created account " : "LoggedIn account ") << entry.account.value << ", "
       << entry.waiting << " waiting, highest " << entry.highest;
}
inline void PrintTo(const Accepted& accepted, std::ostream* out) {
  *out << "Accepted " << accepted.n << " as ";
  PrintTo(accepted.number, out);
  *out << " at ";
  PrintTo(accepted.time, out);
}
inline void PrintTo(const SecretChanged&, std::ostream* out) { *out << "SecretChanged"; }
inline void PrintTo(const Ping& ping, std::ostream* out) { *out << "Ping '" << ping.data << '\''; }
inline void PrintTo(const Pong& pong, std::ostream* out) { *out << "Pong '" << pong.data << '\''; }
inline void PrintTo(const Refuse& refuse, std::ostream* out) {
  PrintTo(refuse.refusal, out);
  if (refuse.n) {
    *out << " to " << *refuse.n;
  }
}
inline void PrintTo(const Names& names, std::ostream* out) {
  *out << "Names " << names.count << " '" << names.names << '\'';
}
inline void PrintTo(const Done&, std::ostream* out) { *out << "Done"; }
inline void PrintTo(const LoggedOut&, std::ostream* out) { *out << "LoggedOut"; }
inline void PrintTo(const Check& check, std::ostream* out) {
  *out << "Check ";
  PrintTo(check.account, out);
  *out << " secret '" << check.secret << "' hash '" << check.hash << "' new '" << check.new_secret
       << '\'';
}
inline void PrintTo(const Close&, std::ostream* out) { *out << "Close"; }

inline void PrintTo(const Effect& effect, std::ostream* out) {
  *out << "\n  ";
  PrintTo(effect.to, out);
  *out << ": ";
  std::visit([out](const auto& body) { PrintTo(body, out); }, effect.body);
  *out << " [charge " << effect.charge << ", completes " << effect.completes_bytes << ']';
}

inline void PrintTo(const AccountCreated& created, std::ostream* out) {
  *out << "created '" << created.name << "' at ";
  PrintTo(created.time, out);
  *out << ", ";
  PrintTo(created.account, out);
}
inline void PrintTo(const AccountDeleted& deleted, std::ostream* out) {
  *out << "deleted ";
  PrintTo(deleted.account, out);
}
inline void PrintTo(const MessageKept& kept, std::ostream* out) {
  *out << "kept ";
  PrintTo(kept.number, out);
  *out << " '" << kept.text << "' from " << kept.sender << " for ";
  PrintTo(kept.account, out);
}
inline void PrintTo(const HandedOver& handed, std::ostream* out) {
  *out << "handed over ";
  PrintTo(handed.number, out);
}
inline void PrintTo(const NumbersReserved& reserved, std::ostream* out) {
  *out << "reserved below " << reserved.below.value;
}
inline void PrintTo(const SecretSet& set, std::ostream* out) {
  *out << "secret of ";
  PrintTo(set.account, out);
  *out << ": '" << set.hash << '\'';
}
inline void PrintTo(const ClientSent& sent, std::ostream* out) {
  *out << "client '" << sent.client << "' of ";
  PrintTo(sent.account, out);
  *out << " sent " << sent.n << " as ";
  PrintTo(sent.number, out);
}
inline void PrintTo(const ClientForgotten& forgotten, std::ostream* out) {
  *out << "client '" << forgotten.client << "' of ";
  PrintTo(forgotten.account, out);
  *out << " forgotten";
}

}  // namespace tribar
