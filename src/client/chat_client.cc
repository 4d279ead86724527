// SPDX-License-Identifier: MIT
//
// See chat_client.h.
#include "client/chat_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/output.h"
#include "base/timestamp.h"
#include "base/wipe.h"
#include "client/interrupt.h"
#include "client/own_files.h"

namespace tribar {
namespace {

/// How long Tab waits for names from the server.
constexpr std::chrono::milliseconds kPatienceForNames{300};
constexpr const char* kPromptStyle = "1";  // bold

/// The exit code of a program that a signal ended.
int code_of(int signal) { return 128 + signal; }

bool has_color(ColorWhen when) {
  if (when != ColorWhen::Auto) {
    return when == ColorWhen::Always;
  }
  const char* no_color = std::getenv("NO_COLOR");
  return no_color == nullptr || *no_color == '\0';  // as https://no-color.org says
}

}  // namespace

Ending run_chat(Link& server, const ClientOptions& options, ClientSetup setup) {
  ChatClient::Settings settings;
  settings.chat.session = {setup.protocol, std::move(setup.client)};
  settings.chat.server = to_string(server.address());
  settings.chat.name = options.name;
  settings.chat.secret = std::move(setup.secret);
  settings.chat.rings = options.bell;
  settings.chat.reconnects = options.reconnect;
  settings.chat.view = {setup.is_utf8, has_color(options.color)};
  settings.servers = 1 + options.other_servers.size();
  settings.history_path = options.history ? history_path() : "";
  return ChatClient(server, std::move(settings)).run();
}

ChatClient::ChatClient(Link& server, Settings settings)
    : link_(server),
      has_color_(settings.chat.view.has_color),
      is_utf8_(settings.chat.view.is_utf8),
      chat_(std::move(settings.chat)),
      editor_({.history_path = std::move(settings.history_path),
               .limit_bytes = Dialogue::kFrameBytes,
               .is_utf8 = is_utf8_,
               .complete = [this](std::string_view line) { return complete(line); }}),
      backoff_(settings.servers) {}

Ending ChatClient::run() {
  if (!editor_.start()) {
    return {EX_OSERR, fmt::format("the terminal cannot be used: {}", std::strerror(errno))};
  }
  measure();
  carry_out(chat_.connected(link_.is_private(), moment()));
  draw();
  while (!ending_) {
    keep_link();
    wait();
    draw();
  }
  editor_.stop();
  if (link_.state() == Link::State::Open) {
    link_.part();
  }
  return *ending_;
}

ChatMoment ChatClient::moment() const {
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms_now(), 0));
  return {UnixMs{now}, !editor_.is_empty() || !kept_line_.empty()};
}

void ChatClient::measure() {
  winsize size{};
  const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  chat_.set_columns(is_known ? size.ws_col : 0);
}

// What is typed.

void ChatClient::take_input() {
  while (!ending_) {
    auto input = editor_.take();
    for (ChatStep& step : std::exchange(held_, {})) {
      carry_out(std::move(step));
    }
    if (!input) {
      return;
    }
    if (!ending_) {
      take(*input);
    }
  }
}

void ChatClient::take(Editor::Input& input) {
  switch (input.kind) {
    case Editor::Input::Kind::Line: {
      const bool is_secret = chat_.wants_secret();
      ChatStep step = chat_.take_line(input.text, input.is_pasted, moment());
      if (is_secret) {
        wipe(input.text.data(), input.text.size());
      }
      return carry_out(std::move(step));
    }
    case Editor::Input::Kind::EndOfInput:
      return carry_out(chat_.end_input(moment()));
    case Editor::Input::Kind::Interrupt:
      return carry_out(chat_.interrupt(editor_.take_line(), moment()));
    case Editor::Input::Kind::Notice:
      return carry_out(chat_.note(input.text));
    case Editor::Input::Kind::Gone:
      is_terminal_gone_ = true;
      return carry_out(chat_.end({code_of(SIGHUP), input.text}));
  }
}

/// What the last word before the cursor could be. Waits a moment for the server's names, so that
/// the first Tab has them.
Editor::Completion ChatClient::complete(std::string_view line) {
  is_completing_ = true;
  ChatCompletion found = chat_.complete(line);
  flush();
  const auto deadline = Clock::now() + kPatienceForNames;
  while (chat_.awaits_names() && link_.state() == Link::State::Open && !ending_) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd server = link_.polled();
    if (left <= 0 || ::poll(&server, 1, static_cast<int>(left)) <= 0) {
      break;  // also for a signal, which should not wait
    }
    handle_link(server.revents);
    found = chat_.complete(line);
  }
  is_completing_ = false;
  Editor::Completion completion{found.from, {}};
  for (const std::string& word : found.words) {
    completion.candidates.push_back(word + ' ');
  }
  return completion;
}

// The terminal.

void ChatClient::carry_out(ChatStep step) {
  flush();
  if (step.drops_link) {
    is_dropped_ = true;
    link_.close();
    if (chat_.wants_link()) {
      next_try_ = Clock::now() + backoff_.next(random_());
    }
  }
  if (is_completing_) {
    step.drops_link = false;
    ending_ = ending_ ? ending_ : step.ending;
    held_.push_back(std::move(step));
    return;
  }
  if (!step.print.empty()) {
    has_printed_ = true;
    editor_.show(step.print);
  }
  rings_ = rings_ || step.rings;
  show_prompt();
  if (step.draft) {
    editor_.set_line(*step.draft);
  }
  ending_ = ending_ ? ending_ : step.ending;
}

void ChatClient::show_prompt() {
  const bool is_question = chat_.is_question();
  if (is_question && !is_asking_) {
    kept_line_ = editor_.take_line();
  }
  editor_.set_prompt({.text = chat_.prompt(),
                      .style = has_color_ ? kPromptStyle : "",
                      .is_secret = chat_.wants_secret(),
                      .discards_typed = is_question,
                      .is_remembered = !is_question});
  if (!is_question && is_asking_ && !kept_line_.empty()) {
    editor_.set_line(std::exchange(kept_line_, {}));
  }
  is_asking_ = is_question;
}

/// Writes what is to be seen; then the server is told of it.
void ChatClient::draw() {
  auto trouble = editor_.draw();
  if (!trouble && std::exchange(rings_, false)) {
    trouble = write_output("\a");
  }
  if (trouble) {
    ending_ = ending_ ? ending_ : Ending{EX_IOERR, *trouble};
    return;
  }
  if (std::exchange(has_printed_, false)) {
    chat_.shown();
    flush();
  }
}

// The server.

void ChatClient::flush() {
  std::string& output = chat_.output();
  if (!output.empty()) {
    link_.send(output);
    wipe(output.data(), output.size());
    output.clear();
  }
}

void ChatClient::keep_link() {
  if (link_.state() == Link::State::Down && chat_.wants_link() &&
      (!next_try_ || *next_try_ <= Clock::now())) {
    next_try_.reset();
    link_.connect();
  }
}

int ChatClient::wait_ms() const {
  if (link_.state() != Link::State::Down) {
    return link_.wait_ms();
  }
  if (!next_try_ || !chat_.wants_link()) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next_try_ - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void ChatClient::wait() {
  std::array<pollfd, 3> polled{
      pollfd{signals_.fd(), POLLIN, 0},
      link_.polled(),
      pollfd{is_terminal_gone_ ? -1 : STDIN_FILENO, POLLIN, 0},
  };
  if (::poll(polled.data(), polled.size(), wait_ms()) < 0) {
    std::for_each(polled.begin(), polled.end(), [](pollfd& each) { each.revents = 0; });
  }
  take_signals();
  if (!ending_ && polled[2].revents != 0) {
    editor_.receive();
  }
  take_input();  // before the server, so that a draft does not come into a line that is begun
  if (!ending_) {
    handle_link(polled[1].revents);
  }
}

void ChatClient::handle_link(short reported) {
  is_dropped_ = false;
  for (const LinkEvent& event : link_.handle(reported)) {
    handle(event);
    if (ending_ || is_dropped_) {
      return;  // what came behind that is of a connection that is of no more use
    }
  }
}

void ChatClient::handle(const LinkEvent& event) {
  switch (event.kind) {
    case LinkEvent::Kind::Opened:
      return carry_out(chat_.connected(link_.is_private(), moment()));
    case LinkEvent::Kind::Received:
      carry_out(chat_.receive(event.text, moment()));
      if (chat_.is_settled()) {
        backoff_.reset();
      }
      return;
    case LinkEvent::Kind::Failed:
    case LinkEvent::Kind::Lost:
      next_try_ = Clock::now() + backoff_.next(random_());
      return carry_out(chat_.lost(event.text, moment()));
  }
}

// Signals.

void ChatClient::take_signals() {
  while (const auto signal = signals_.take()) {
    switch (*signal) {
      case SIGWINCH:
        measure();
        editor_.resized();
        break;
      case SIGTSTP:
        editor_.suspended();
        signals_.stop();
        [[fallthrough]];
      case SIGCONT:
        measure();
        editor_.continued();
        break;
      default:
        return carry_out(chat_.end({code_of(*signal), ""}));
    }
  }
}

}  // namespace tribar
