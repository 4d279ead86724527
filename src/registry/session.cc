// SPDX-License-Identifier: MIT
//
// See session.h.
#include "registry/session.h"

#include <type_traits>
#include <variant>

namespace tribar {
namespace {

/// A string with at least this capacity keeps its bytes on the heap, so they stay where they are
/// when the string is moved.
constexpr std::size_t kHeapBytes = 64;

}  // namespace

WaitingCommand copy_command(const Input& input) {
  WaitingCommand copy;
  copy.input = input;
  copy.input.is_next = false;
  std::string& bytes = copy.bytes;
  const auto take = [&bytes](std::string_view& view) {
    const std::size_t at = bytes.size();
    bytes += view;
    view = std::string_view(bytes).substr(at);
  };
  const auto reserve = [&bytes](std::size_t size) { bytes.reserve(size + kHeapBytes); };
  std::visit(
      [&](auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, Send>) {
          Message& message = body.message;
          reserve(message.sender.size() + message.recipient.size() + message.text.size());
          take(message.sender);
          take(message.recipient);
          take(message.text);
        } else if constexpr (std::is_same_v<Body, Create> || std::is_same_v<Body, Login>) {
          reserve(body.username.size() + body.client.size() + body.secret.size());
          take(body.username);
          take(body.client);
          take(body.secret);
        } else if constexpr (std::is_same_v<Body, Delete>) {
          reserve(body.secret.size());
          take(body.secret);
        } else if constexpr (std::is_same_v<Body, SetSecret>) {
          reserve(body.old_secret.size() + body.new_secret.size());
          take(body.old_secret);
          take(body.new_secret);
        } else if constexpr (std::is_same_v<Body, SendNumbered>) {
          reserve(body.recipient.size() + body.text.size());
          take(body.recipient);
          take(body.text);
        } else if constexpr (std::is_same_v<Body, Ping>) {
          reserve(body.data.size());
          take(body.data);
        } else if constexpr (std::is_same_v<Body, List>) {
          reserve(body.pattern.size());
          take(body.pattern);
        }
      },
      copy.input.body);
  return copy;
}

}  // namespace tribar
