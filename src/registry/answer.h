// SPDX-License-Identifier: MIT
//
// How the registry's own files make effects, and what these are charged.
#pragma once

#include <cstdint>

#include "registry/effect.h"
#include "registry/output.h"
#include "registry/registry.h"
#include "registry/session.h"

namespace tribar {

/// What a short answer counts in the credit: about its bytes.
inline constexpr std::uint32_t kShortAnswerCharge = 42;

[[nodiscard]] inline std::uint32_t charge_of(const Message& message) {
  return static_cast<std::uint32_t>(charged_bytes(message));
}

/// Adds an effect and returns its body, which is filled where it stands: put together elsewhere it
/// would be written twice, and read back before the first writing is through.
template <typename Body>
Body& add_effect(Output& out, ConnectionId to, std::uint32_t completes_bytes,
                 std::uint32_t charge) {
  if (out.row_to == to) {
    out.row_to = {};
  }
  Effect& effect = out.effects.emplace_back();
  effect.to = to;
  effect.completes_bytes = completes_bytes;
  effect.charge = charge;
  return effect.body.emplace<Body>();
}

/// Tells a connection something, unless nobody is there to read it.
template <typename Body>
void Registry::answer(Session& session, std::uint32_t completes_bytes, std::uint32_t charge,
                      const Body& body, Turn& turn) {
  if (session.is_gone) {
    return;
  }
  session.owed += charge;
  add_effect<Body>(turn.out, session.id, completes_bytes, charge) = body;
}

}  // namespace tribar
