// SPDX-License-Identifier: MIT
//
// For the registry's own files: how they create effects, and what each effect is charged.
#pragma once

#include <cstdint>

#include "registry/effect.h"
#include "registry/output.h"
#include "registry/registry.h"
#include "registry/session.h"

namespace tribar {

/// What a short answer is charged against the credit: about its size in bytes.
inline constexpr std::uint32_t kShortAnswerCharge = 42;

[[nodiscard]] inline std::uint32_t charge_of(const Message& message) {
  return static_cast<std::uint32_t>(charged_bytes(message));
}

/// Adds an effect and returns its body, to be filled in place: built elsewhere and copied, it would
/// be written twice, and the copy would wait for the first write to finish.
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

/// Sends an effect to a connection, unless the connection is closed.
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
