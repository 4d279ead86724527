// SPDX-License-Identifier: MIT
//
// See verb_run.h.
#include "client/verb_run.h"

#include <fmt/format.h>
#include <poll.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <utility>
#include <variant>

#include "base/output.h"
#include "base/wipe.h"
#include "client/ask_secret.h"
#include "client/json_line.h"
#include "client/shown_text.h"

namespace tribar {
namespace {

/// While more than this waits for the server, it is not read: it could send pings for ever.
constexpr std::size_t kMostUnsentBytes = std::size_t{1} << 20;

int exit_code_of(std::string_view token) {
  if (token == client::kBrokenToken || token == "bad-version") {
    return EX_PROTOCOL;
  }
  return client::is_temporary(token) ? EX_TEMPFAIL : EX_NOPERM;
}

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

void note(std::string_view text) { fmt::print(stderr, "tribar: {}\n", text); }

}  // namespace

VerbRun::VerbRun(const ClientOptions& options, const ClientSetup& setup, VerbTask task)
    : options_(options),
      task_(std::move(task)),
      is_utf8_(setup.is_utf8),
      link_(setup.link),
      session_({.protocol = setup.protocol, .client = setup.client}),
      backoff_(1 + setup.link.others.size()) {}

VerbRun::~VerbRun() { wipe(task_.secret.data(), task_.secret.size()); }

Ending VerbRun::run() {
  if (auto failure = link_.connect_and_wait()) {
    return {EX_UNAVAILABLE, std::move(*failure)};
  }
  opened();
  while (!ending_) {
    turn();
  }
  send_output();
  // A server that does not answer, or cannot be understood, is not waited for.
  if (ending_->exit_code != EX_TEMPFAIL && ending_->exit_code != EX_PROTOCOL) {
    link_.part();
  }
  return *ending_;
}

/// Sends, waits, and takes what has come.
void VerbRun::turn() {
  send_output();
  std::optional<Clock::time_point> next = deadline_;
  if (retry_at_ && (!next || *retry_at_ < *next)) {
    next = retry_at_;
  }
  int wait_ms = link_.wait_ms();
  if (next) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
    const int most = static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
    wait_ms = wait_ms < 0 ? most : std::min(wait_ms, most);
  }
  std::array<pollfd, 3> polled{
      link_.polled(link_.unsent_bytes() <= kMostUnsentBytes),
      pollfd{interrupt_.fd(), POLLIN, 0},
      // Reports only that nobody reads any more.
      pollfd{task_.verb == Verb::Receive ? STDOUT_FILENO : -1, 0, 0},
  };
  if (::poll(polled.data(), polled.size(), wait_ms) < 0) {
    return;  // a signal; it is reported through a descriptor
  }
  const auto& [link, interrupt, output] = polled;
  if (interrupt.revents != 0) {
    return end(interrupt_.exit_code(), "");
  }
  if (output.revents != 0) {
    return follows() ? end(EX_OK, "") : end(EX_IOERR, "standard output: nobody reads it");
  }
  if (deadline_ && Clock::now() >= *deadline_) {
    return expire();
  }
  if (retry_at_ && Clock::now() >= *retry_at_) {
    retry_at_.reset();
    link_.connect();
  }
  for (const LinkEvent& event : link_.handle(link.revents)) {
    if (!ending_) {
      take(event);
    }
  }
}

void VerbRun::take(const LinkEvent& event) {
  switch (event.kind) {
    case LinkEvent::Kind::Opened:
      return opened();
    case LinkEvent::Kind::Received:
      if (task_.verb == Verb::Receive && deadline_) {
        deadline_ = Clock::now() + options_.timeout;  // what comes may be much
      }
      session_.receive(event.text);
      return take_events();
    case LinkEvent::Kind::Failed:
    case LinkEvent::Kind::Lost:
      return lost(event.text);
  }
}

void VerbRun::opened() {
  if (!may_tell_secret()) {
    return;
  }
  has_fetched_ = false;
  // A message has one deadline over all connections.
  if (!has_begun_ || task_.verb != Verb::Send) {
    deadline_ = Clock::now() + options_.timeout;
  }
  session_.connected();
  // What a Session does not ask for again by itself.
  const bool is_forgotten =
      task_.verb == Verb::Create || (task_.verb == Verb::List && session_.self().empty());
  if (!std::exchange(has_begun_, true) || is_forgotten) {
    begin();
  }
  take_events();
}

/// A secret goes only where nobody on the way can read it.
bool VerbRun::may_tell_secret() {
  if (task_.secret.empty() || link_.is_private()) {
    return true;
  }
  end(EX_NOPERM,
      "a secret is not sent where others can read it: connect to tribars://HOST instead");
  return false;
}

void VerbRun::begin() {
  switch (task_.verb) {
    case Verb::Send:
      session_.log_in(task_.account, task_.secret);
      session_.send(task_.recipient, task_.text);
      break;
    case Verb::List:
      // Without a login, if that is allowed: a login could end another session of the account.
      session_.list(task_.pattern);
      break;
    case Verb::Receive:
      session_.log_in(task_.account, task_.secret);
      break;
    case Verb::Create:
      session_.create(task_.account, task_.secret);
      break;
    case Verb::Delete:
      session_.log_in(task_.account, task_.secret);
      session_.remove(task_.secret);
      break;
    case Verb::None:
      break;
  }
}

void VerbRun::take_events() {
  while (true) {
    const auto events = session_.take_events();
    if (events.empty()) {
      break;
    }
    // All of them, also behind the one that ends the run: nothing that arrived is dropped.
    for (const client::SessionEvent& event : events) {
      std::visit([this](const auto& what) { on(what); }, event);
    }
    write_lines();
  }
  if (drops_ && !ending_) {
    send_output();
    link_.close();
    lost(*std::exchange(drops_, {}));
  }
}

/// Writes what arrived, and then the server may forget it.
void VerbRun::write_lines() {
  if (lines_.empty()) {
    return;
  }
  std::optional<std::string> trouble;
  {
    // Nobody may ever read on.
    const Interrupt::AtOnce at_once(interrupt_);
    trouble = write_output(lines_);
  }
  lines_.clear();
  if (trouble) {
    if (session_.protocol() == 0 && task_.verb == Verb::Receive) {
      *trouble += ": messages that had arrived are lost";
    }
    ending_ = Ending{EX_IOERR, std::move(*trouble)};
  } else {
    session_.acknowledge(last_number_);
  }
}

void VerbRun::send_output() {
  std::string& output = session_.output();
  link_.send(output);
  wipe(output.data(), output.size());
  output.clear();
}

/// There is no connection (any more).
void VerbRun::lost(const std::string& reason) {
  session_.disconnected();
  drops_.reset();
  take_events();
  if (ending_) {
    return;
  }
  const std::chrono::milliseconds wait = backoff_.next(random_number());
  if (!may_reconnect() && !(wait.count() == 0 && may_ask_next())) {
    return end(EX_TEMPFAIL, with_doubt(reason));
  }
  if (follows()) {
    deadline_.reset();
    if (!std::exchange(has_told_loss_, true)) {
      note(reason + ": connecting again");
    }
  }
  retry_at_ = Clock::now() + wait;
}

bool VerbRun::may_reconnect() const {
  if (!options_.reconnect) {
    return false;
  }
  // In protocol 0 a message that is sent again could arrive twice.
  return follows() || (task_.verb == Verb::Send && session_.protocol() != 0);
}

/// Whether another server may be asked the same at once.
bool VerbRun::may_ask_next() const {
  // A message in doubt could arrive twice in protocol 0.
  return options_.reconnect && !(task_.verb == Verb::Send && is_in_doubt_);
}

/// What was awaited did not come in time.
void VerbRun::expire() {
  const std::string reason = fmt::format("the server did not answer within {} s",
                                         std::chrono::duration<double>(options_.timeout).count());
  if (follows() && may_reconnect()) {
    link_.close();
    return lost(reason);
  }
  end(EX_TEMPFAIL, with_doubt(reason));
}

/// The first one counts.
void VerbRun::end(int exit_code, std::string reason) {
  if (!ending_) {
    ending_ = Ending{exit_code, std::move(reason)};
  }
}

/// `reason`, and what it means for what was to be done.
std::string VerbRun::with_doubt(std::string reason) const {
  switch (task_.verb) {
    case Verb::Send: {
      const auto unsent = session_.unsent();
      const bool is_in_doubt = unsent.empty() ? is_in_doubt_ : unsent.front().is_in_doubt;
      return reason + (is_in_doubt ? ": the message may have been sent, or not"
                                   : ": the message was not sent");
    }
    case Verb::Create:
      return reason + fmt::format(": {} may have been created, or not", task_.account);
    case Verb::Delete:
      return reason + (is_in_doubt_
                           ? fmt::format(": {} may have been deleted, or not", task_.account)
                           : fmt::format(": {} was not deleted", task_.account));
    case Verb::List:
    case Verb::Receive:
    case Verb::None:
      break;
  }
  return reason;
}

void VerbRun::refuse(std::string_view what, std::string_view token, std::string_view text) {
  std::string reason = fmt::format("{}{} ({})", what, shown(text), token);
  if (token == "bad-secret" && task_.secret.empty() && session_.protocol() != 0) {
    reason += ": --secret-file names a file that holds it";
  }
  end(exit_code_of(token), std::move(reason));
}

void VerbRun::on(const client::LoggedIn&) {
  if (std::exchange(has_told_loss_, false)) {
    note("connected again");
  }
  backoff_.reset();
  switch (task_.verb) {
    case Verb::Receive:
      session_.fetch();
      break;
    case Verb::List:
      session_.list(task_.pattern);
      break;
    case Verb::Create:
      end(EX_OK, "");
      break;
    case Verb::Delete:
      is_in_doubt_ = true;
      if (std::exchange(must_remove_, false)) {
        session_.remove(task_.secret);
      }
      break;
    case Verb::Send:
    case Verb::None:
      break;
  }
}

void VerbRun::on(const client::LoginRefused& event) {
  if (event.token == client::kLostToken) {
    is_in_doubt_ = is_in_doubt_ || task_.verb == Verb::Create;
    return;  // lost() says why
  }
  if (task_.verb == Verb::Create && is_in_doubt_ && event.token == "name-taken") {
    // By the server before, or by somebody else.
    return end(EX_TEMPFAIL, with_doubt("the server that was asked first was lost"));
  }
  if (event.is_again && client::is_temporary(event.token) && may_reconnect()) {
    drops_ = shown(event.text);
    return;
  }
  refuse(task_.verb == Verb::Create ? fmt::format("{} was not created: ", task_.account)
                                    : fmt::format("cannot log in as {}: ", task_.account),
         event.token, event.text);
}

void VerbRun::on(const client::Refused& event) {
  if (event.token == client::kLostToken) {
    must_remove_ = task_.verb == Verb::Delete;
    if (must_remove_ && session_.is_logged_in()) {
      must_remove_ = false;
      session_.remove(task_.secret);
    }
    return;  // lost() says why; the next connection fetches again
  }
  switch (task_.verb) {
    case Verb::Send:
      return refuse("the message was not sent: ", event.token, event.text);
    case Verb::List:
      if (event.token == "not-logged-in" && session_.self().empty() && !task_.account.empty()) {
        if (task_.secret.empty() && session_.protocol() != 0) {
          const Interrupt::AtOnce at_once(interrupt_);
          auto secret = ask_secret(fmt::format("Secret of {}: ", task_.account));
          if (!secret) {
            return end(secret.error().exit_code, secret.error().reason);
          }
          task_.secret = std::move(secret.value());
        }
        if (may_tell_secret()) {
          deadline_ = Clock::now() + options_.timeout;
          session_.log_in(task_.account, task_.secret);
        }
        return;
      }
      return refuse("no list: ", event.token, event.text);
    case Verb::Receive:
      return refuse("no messages: ", event.token, event.text);
    case Verb::Delete:
      return refuse(fmt::format("{} was not deleted: ", task_.account), event.token, event.text);
    case Verb::Create:
    case Verb::None:
      break;
  }
}

void VerbRun::on(const client::UserList& event) {
  for (const client::UserList::User& user : event.users) {
    lines_ += options_.json
                  ? JsonLine().text("name", user.name).truth("online", user.is_online).line()
                  : shown(user.name) + '\n';
  }
  end(EX_OK, "");
}

void VerbRun::on(const client::Arrived& event) {
  const bool is_protocol0 = session_.protocol() == 0;
  if (task_.verb != Verb::Receive) {
    // In protocol 1 it waits again when this connection ends.
    if (is_protocol0) {
      note(fmt::format("a message arrived meanwhile, and the server does not keep it: {}: {}",
                       shown(event.sender), shown(event.text)));
    }
    return;
  }
  // In protocol 0 what has arrived is written, however much it is: the server does not keep it.
  if (!is_protocol0 && (has_enough() || ending_)) {
    return;
  }
  ++written_;
  last_number_ = event.number;
  if (options_.json) {
    const auto number = is_protocol0 ? std::nullopt : std::optional(event.number.value);
    const auto time = event.time ? std::optional(event.time->value) : std::nullopt;
    lines_ += JsonLine()
                  .text("from", event.sender)
                  .text("text", event.text)
                  .number("number", number)
                  .number("time_ms", time)
                  .line();
  } else {
    lines_ += fmt::format("{}: {}\n", shown(event.sender), shown(event.text));
  }
  if (has_enough() && (!is_protocol0 || has_fetched_)) {
    end(EX_OK, "");
  }
}

void VerbRun::on(const client::Sent&) { end(EX_OK, ""); }

void VerbRun::on(const client::InDoubt&) { is_in_doubt_ = true; }  // lost() says why

void VerbRun::on(const client::FetchDone&) {
  has_fetched_ = true;
  deadline_.reset();
  if (!follows() || has_enough()) {
    end(EX_OK, "");
  }
}

void VerbRun::on(const client::Done&) { end(EX_OK, ""); }

void VerbRun::on(const client::Ended& event) {
  if (event.may_return) {
    drops_ = shown(event.text);
    return;
  }
  const std::string reason = event.token == client::kBrokenToken
                                 ? shown(event.text)
                                 : fmt::format("{} ({})", shown(event.text), event.token);
  end(exit_code_of(event.token), with_doubt(reason));
}

std::string VerbRun::shown(std::string_view text) const { return shown_text(text, is_utf8_); }

}  // namespace tribar
