// SPDX-License-Identifier: MIT
//
// A Chat at a terminal: moves what is typed from an Editor, bytes between a Link and the Chat, and
// what it prints to the Editor; makes lost connections again; handles signals. One thread, one
// poll(2) loop. While the terminal takes no output the server is not read, and messages are
// acknowledged only when the terminal has them.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "client/backoff.h"
#include "client/chat.h"
#include "client/client_options.h"
#include "client/client_setup.h"
#include "client/dialogue.h"
#include "client/editor.h"
#include "client/link.h"
#include "client/terminal_signals.h"

namespace tribar {

/// Chats over `server`, which is Open, until the user leaves. Requires Editor::is_available(). The
/// caller prints the reason of the Ending.
[[nodiscard]] Ending run_chat(Link& server, const ClientOptions& options, ClientSetup setup);

class ChatClient {
 public:
  struct Settings {
    Chat::Settings chat{};
    std::string history_path{};  // empty: history is in memory only
    std::size_t servers = 1;     // among which `server` chooses
  };

  /// `server`: Open; it must live longer.
  ChatClient(Link& server, Settings settings);

  /// Runs until the chat is over. Call once.
  [[nodiscard]] Ending run();

 private:
  using Clock = std::chrono::steady_clock;

  void take_input();
  void take(Editor::Input& input);
  void draw();
  void wait();
  void keep_link();
  void take_signals();
  void handle(const LinkEvent& event);
  void handle_link(short reported);
  void carry_out(ChatStep step);
  void show_prompt();
  void flush();
  void measure();
  [[nodiscard]] int wait_ms() const;
  [[nodiscard]] ChatMoment moment() const;
  [[nodiscard]] Editor::Completion complete(std::string_view line);

  Link& link_;
  bool has_color_;
  bool is_utf8_;
  Chat chat_;
  TerminalSignals signals_;  // caught before the editor starts, which leaves those alone
  Editor editor_;
  Backoff backoff_;
  std::random_device random_;
  std::optional<Clock::time_point> next_try_;  // to connect
  std::string kept_line_;                      // half typed when a question came
  bool is_asking_ = false;
  bool is_dropped_ = false;     // the connection, by the last step
  bool is_completing_ = false;  // steps wait until the editor has its answer
  std::vector<ChatStep> held_;
  bool has_printed_ = false;  // something that is not drawn yet
  bool rings_ = false;
  bool is_terminal_gone_ = false;
  std::optional<Ending> ending_;
};

}  // namespace tribar
