// SPDX-License-Identifier: MIT
//
// How the protocols word refusals: what a peer reads in a RESPONSE. One table for both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/refusal.h"

namespace tribar {

/// The text of `refusal`, in ASCII. Five of the texts are fixed by the protocol: see
/// docs/protocol.md. `address`: see FinalWord.
[[nodiscard]] std::string text_of(const Refusal& refusal, std::string_view address = {});

/// The token of success in protocol 1.
inline constexpr std::string_view kOk = "ok";

/// Protocol 1's token, which never changes, for programs.
[[nodiscard]] std::string_view token1_of(RefusalCode code);

/// The same text for protocol 1, where it is not the last field: without the delimiter.
[[nodiscard]] std::string text1_of(const Refusal& refusal, std::string_view address = {});

/// The figure that protocol 1 tells behind the text, if the refusal has one.
[[nodiscard]] std::optional<std::uint64_t> third_field_of(const Refusal& refusal);

}  // namespace tribar
