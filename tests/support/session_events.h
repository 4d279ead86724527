// SPDX-License-Identifier: MIT
//
// A session's events as text, for tests: GoogleTest prints them, and fuzz targets compare them.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/log.h"
#include "client/session.h"

namespace tribar::client {

struct EventText {
  static std::string quoted(std::string_view text) { return '"' + log::escaped(text) + '"'; }
  template <typename Number>
  static std::string optional(const std::optional<Number>& number) {
    return number ? fmt::format("{}", *number) : "none";
  }

  std::string operator()(const LoggedIn& event) const {
    return fmt::format("LoggedIn {} waiting {}{}", event.id, optional(event.waiting),
                       event.is_again ? " again" : "");
  }
  std::string operator()(const LoginRefused& event) const {
    return fmt::format("LoginRefused {} {} {} {}{}", event.id, event.token, quoted(event.text),
                       optional(event.figure), event.is_again ? " again" : "");
  }
  std::string operator()(const Refused& event) const {
    return fmt::format("Refused {} {} {} {}", event.id, event.token, quoted(event.text),
                       optional(event.figure));
  }
  std::string operator()(const UserList& event) const {
    std::string text = fmt::format("UserList {}:", event.id);
    for (const UserList::User& user : event.users) {
      text += fmt::format(" {} {}", quoted(user.name), optional(user.is_online));
    }
    return text;
  }
  std::string operator()(const Arrived& event) const {
    return fmt::format("Arrived from {} {} number {} time {}", quoted(event.sender),
                       quoted(event.text), event.number.value,
                       event.time ? fmt::format("{}", event.time->value) : "none");
  }
  std::string operator()(const Sent& event) const {
    return fmt::format("Sent {} to {} {}{}", event.id, quoted(event.recipient), quoted(event.text),
                       event.is_repeat ? " before" : "");
  }
  std::string operator()(const InDoubt& event) const {
    return fmt::format("InDoubt {} to {} {}", event.id, quoted(event.recipient),
                       quoted(event.text));
  }
  std::string operator()(const FetchDone& event) const {
    return fmt::format("FetchDone {} count {}", event.id, event.count);
  }
  std::string operator()(const Done& event) const { return fmt::format("Done {}", event.id); }
  std::string operator()(const Ended& event) const {
    return fmt::format("Ended {} {}{}", event.token, quoted(event.text),
                       event.may_return ? " may return" : "");
  }
};

inline std::string text_of(const SessionEvent& event) { return std::visit(EventText{}, event); }

/// Of each alternative: GoogleTest takes variants apart.
template <typename Event>
requires std::is_invocable_v<EventText, const Event&>
void PrintTo(const Event& event, std::ostream* out) { *out << EventText{}(event); }

}  // namespace tribar::client
