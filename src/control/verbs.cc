// SPDX-License-Identifier: MIT
//
// See verbs.h.
#include "control/verbs.h"

#include <array>

namespace tribar {
namespace {

using Verb = ControlVerb;

// clang-format off
constexpr std::array kVerbs{
    ControlVerbRow{Verb::Status, "status", "", 0, 0, false, false, false, "what the server does, and how much of it"},
    ControlVerbRow{Verb::Sessions, "sessions", "[PATTERN]", 0, 1, false, false, true, "who is logged in, from where; PATTERN as in LIST, such as 'a*'"},
    ControlVerbRow{Verb::Kick, "kick", "NAME", 1, 1, false, true, true, "disconnect whoever is logged in as NAME"},
    ControlVerbRow{Verb::UserAdd, "user add", "NAME", 1, 1, true, true, true, "create an account; an empty secret makes one by name only"},
    ControlVerbRow{Verb::UserDelete, "user delete", "NAME", 1, 1, false, true, true, "delete an account and its messages, and disconnect it"},
    ControlVerbRow{Verb::UserSetSecret, "user set-secret", "NAME", 1, 1, true, true, true, "give an account a new secret"},
    ControlVerbRow{Verb::UserShow, "user show", "NAME", 1, 1, false, false, true, "what the server knows of an account"},
    ControlVerbRow{Verb::Reload, "reload", "", 0, 0, false, true, false, "read the settings again"},
    ControlVerbRow{Verb::Drain, "drain", "[SECONDS]", 0, 1, false, true, false, "accept nobody, disconnect everybody over SECONDS (0), then stop"},
    ControlVerbRow{Verb::LogLevel, "log-level", "[LEVEL]", 0, 1, false, true, false, "show the level of the log, or set it: error, warn, info or debug"},
    ControlVerbRow{Verb::Backup, "backup", "FILE", 1, 1, false, true, true, "copy the store to FILE, an absolute path where nothing is, and verify the copy"},
    ControlVerbRow{Verb::Certificate, "certificate", "", 0, 0, false, false, false, "which certificate TLS uses, and until when"},
};
// clang-format on

}  // namespace

std::span<const ControlVerbRow> control_verbs() { return kVerbs; }

const ControlVerbRow* find_control_verb(std::string_view name) {
  for (const ControlVerbRow& row : kVerbs) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace tribar
