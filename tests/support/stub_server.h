// SPDX-License-Identifier: MIT
//
// A small server of the protocol that makes one chosen mistake, to test that the mistake is found.
// Runs on a thread of its own from construction to destruction; all methods are for the thread of
// the test.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace tribar {

/// What goes wrong with the `nth` SEND of all users, counted from 1; for Mute, with the nth
/// command.
struct StubFault {
  enum class Kind {
    None,
    Drop,          // confirmed, not delivered
    Double,        // delivered twice
    Swap,          // delivered after the next one of the same pair
    Corrupt,       // delivered with another last byte
    CorruptStamp,  // delivered with another first byte of text
    NoAnswer,      // delivered, not confirmed
    DoubleAnswer,  // confirmed twice
    Refuse,        // answered with a RESPONSE, and nothing else
    Disconnect,    // the sender's connection ends
    Stall,         // the server does nothing for `span`
    Delay,         // every message from this one on is delayed by `span`
    RefuseAll,     // this one and all later ones are answered with a RESPONSE
    RefuseAndEnd,  // likewise, and the sender's connection is closed each time
    Mute,          // no command from this one on is executed or answered
    NoList,        // no LIST is ever answered
    Die,           // the server closes its listener and every connection
  };
  Kind kind = Kind::None;
  std::uint64_t nth = 1;
  std::chrono::milliseconds span{0};
  std::string_view refusal = "not this one";
};

class StubServer {
 public:
  explicit StubServer(const StubFault& fault = {});
  ~StubServer();
  StubServer(const StubServer&) = delete;
  StubServer& operator=(const StubServer&) = delete;

  /// On 127.0.0.1.
  [[nodiscard]] std::uint16_t port() const;

  struct Held {
    std::uint64_t messages = 0;
    std::chrono::nanoseconds mean{0};
  };
  /// Times from reading a message to writing it to its recipient, by the server's own clock.
  [[nodiscard]] Held held() const;
  /// The current number of accounts.
  [[nodiscard]] std::size_t accounts() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace tribar
