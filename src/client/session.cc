// SPDX-License-Identifier: MIT
//
// See session.h.
#include "client/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "base/log.h"
#include "chat/refusal.h"
#include "client/dialogue.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/wording.h"

namespace tribar::client {
namespace {

/// Messages on the way at a time, in protocol 1, and bytes of them; one may be larger.
constexpr std::size_t kMostOnTheWay = 64;
constexpr std::size_t kMostBytesOnTheWay = std::size_t{512} << 10;
/// While more than this waits for the server, its pings are not answered.
constexpr std::size_t kMostOutputForPongs = std::size_t{64} << 10;

constexpr std::string_view kBadNumber = "bad-number";
constexpr std::string_view kBadSecret = "bad-secret";
constexpr std::string_view kNoSuchUser = "no-such-user";
constexpr std::string_view kNotLoggedIn = "not-logged-in";
constexpr std::string_view kThrottled = "throttled";
constexpr std::string_view kTooLong = "too-long";
constexpr std::string_view kTooMany = "too-many";
constexpr std::string_view kNoConnection = "there is no connection to the server";
constexpr std::string_view kNobody = "nobody is logged in";
constexpr std::string_view kConnectionLost = "the connection was lost before the server answered";

/// After one of these the server closes the connection.
bool is_last_word(std::string_view token) {
  return token == "replaced" || token == "stopping" || token == "idle" || token == "bad-version" ||
         token == kTooLong;
}

bool may_return_after(std::string_view token) {
  return token != "replaced" && token != "bad-version";
}

/// A text with each row of digits as one '#': the figures in it may be any, and so may what stands
/// behind a colon, which can be an address.
std::string shape_of(std::string_view text) {
  std::string shape;
  for (const char c : text.substr(0, text.find(": "))) {
    if (c < '0' || c > '9') {
      shape += c;
    } else if (!shape.ends_with('#')) {
      shape += '#';
    }
  }
  return shape;
}

/// Protocol 1's token for an error of protocol 0.
std::string_view token_of_text(std::string_view text) {
  struct Row {
    std::string shape;
    std::string_view token;
  };
  static const std::vector<Row> rows = [] {
    std::vector<Row> all;
    for (const RefusalCode code : refusal_codes()) {
      all.push_back({shape_of(text_of(Refusal{code})), token1_of(code)});
    }
    return all;
  }();
  const std::string shape = shape_of(text);
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& each) { return each.shape == shape; });
  return row == rows.end() ? kRefusedToken : row->token;
}

SecretBytes taken(std::string& secret) {
  SecretBytes bytes(secret);
  wipe(secret);
  return bytes;
}

}  // namespace

bool is_temporary(std::string_view token) {
  constexpr std::array kTemporary{
      std::string_view("busy"),
      std::string_view("throttled"),
      std::string_view("stopping"),
      std::string_view("storage-unavailable"),
      std::string_view("in-use"),
      std::string_view("mailbox-full"),
      std::string_view("server-full"),
      std::string_view("idle"),
      kLostToken,
  };
  return std::find(kTemporary.begin(), kTemporary.end(), token) != kTemporary.end();
}

Session::Session(Settings settings)
    : settings_(std::move(settings)),
      frames_(kReplyBytes, settings_.protocol == 0 ? kVersion0 : kVersion1) {}

// Requests.

RequestId Session::log_in(std::string name, std::string secret) {
  if (!is_logged_in_ && name != self_) {
    forget_login();
    self_ = name;
  }
  return add({.kind = Kind::LogIn, .name = std::move(name), .secret = taken(secret)});
}

RequestId Session::create(std::string name, std::string secret) {
  if (!is_logged_in_ && is_connected_) {
    forget_login();
    self_ = name;
  }
  return add({.kind = Kind::Create, .name = std::move(name), .secret = taken(secret)});
}

RequestId Session::list(std::string pattern) {
  return add({.kind = Kind::List, .name = std::move(pattern)});
}

RequestId Session::send(std::string recipient, std::string text) {
  return add({.kind = Kind::Send, .name = std::move(recipient), .text = std::move(text)});
}

RequestId Session::fetch() { return add({.kind = Kind::Fetch}); }

RequestId Session::set_secret(std::string old_secret, std::string new_secret) {
  return add(
      {.kind = Kind::SetSecret, .secret = taken(old_secret), .new_secret = taken(new_secret)});
}

RequestId Session::remove(std::string secret) {
  return add({.kind = Kind::Remove, .secret = taken(secret)});
}

RequestId Session::add(Request request) {
  const RequestId id = request.id = ++last_id_;
  const auto refuse = [this, id](std::string_view token, std::string_view text) {
    tell(Refused{id, std::string(token), std::string(text), {}});
    return id;
  };
  if (request.kind == Kind::Send) {
    if (!is_logged_in_ && !awaits_login() && login_id_ == 0) {
      return refuse(kNotLoggedIn, kNobody);
    }
    const std::size_t bytes = request.name.size() + request.text.size();
    if (kept_count_ == kMostKept || bytes > kMostKeptBytes - kept_bytes_) {
      return refuse("busy", fmt::format("{} messages wait to be sent already", kept_count_));
    }
    ++kept_count_;
    kept_bytes_ += bytes;
    kept_.push_back(std::move(request));
  } else if (request.kind == Kind::SetSecret && settings_.protocol == 0) {
    return refuse("unknown-command", "protocol 0 has no secrets");
  } else if (is_connected_ || request.kind == Kind::LogIn) {
    queued_.push_back(std::move(request));
  } else if (request.kind == Kind::Create) {
    tell(LoginRefused{id, std::string(kLostToken), std::string(kNoConnection), {}, false});
  } else {
    return refuse(kLostToken, kNoConnection);
  }
  pump();
  return id;
}

void Session::acknowledge(MessageNumber number) {
  shown_ = std::max(shown_, std::min(number, handed_out_));
  acknowledge_shown();
  if (shown_ < arrived_) {
    return;  // what a fetch waits for is not all of it shown
  }
  while (!fetches_.empty()) {
    queued_.push_front(std::move(fetches_.back()));
    fetches_.pop_back();
  }
  pump();
}

/// A number counts only on the connection where it was pushed. After a lost one the same messages
/// are pushed again: what was shown of them is acknowledged as far as they have come.
void Session::acknowledge_shown() {
  const MessageNumber number = std::min(shown_, pushed_);
  if (!is_connected_ || has_ended_ || number <= acknowledged_) {
    return;
  }
  acknowledged_ = number;
  append_command1(output_, Acknowledge{number});
}

// The connection.

void Session::connected() {
  if (is_connected_) {
    disconnected();
  }
  is_connected_ = true;
  has_ended_ = false;
  has_received_ = false;
  is_foreign_ = false;
  is_coming_back_ = false;
  pushed_ = {};
  acknowledged_ = {};
  if (!awaits_login() && login_id_ != 0) {
    queue_login_again();
  }
  pump();
}

void Session::queue_login_again() {
  const bool tries_change = unsettled_ && unsettled_->kind == Kind::SetSecret;
  queued_.push_front(
      {.id = login_id_,
       .kind = Kind::LogIn,
       .name = self_,
       .secret = SecretBytes(tries_change ? unsettled_->new_secret.view() : secret_.view()),
       .is_again = true,
       .tries_change = tries_change});
}

void Session::disconnected() {
  is_connected_ = false;
  is_logged_in_ = false;
  wipe(output_);
  frames_ = FrameReader(kReplyBytes, settings_.protocol == 0 ? kVersion0 : kVersion1);
  Requests lost = std::exchange(awaited_, {});
  std::move(fetches_.begin(), fetches_.end(), std::back_inserter(lost));
  fetches_.clear();
  const std::size_t asked = lost.size();
  Requests unasked = std::exchange(queued_, {});
  std::move(unasked.begin(), unasked.end(), std::back_inserter(lost));
  for (std::size_t i = 0; i < lost.size(); ++i) {
    Request& request = lost[i];
    const bool was_asked = i < asked;
    const std::string why(was_asked ? kConnectionLost : kNoConnection);
    switch (request.kind) {
      case Kind::LogIn:
        if (!request.is_again) {
          queued_.push_back(std::move(request));
        }
        break;
      case Kind::Create:
        tell(LoginRefused{request.id, std::string(kLostToken), why, {}, false});
        forget_login();
        break;
      case Kind::Send:
        if (settings_.protocol == 0 || settings_.client.empty()) {
          forget(request);
          tell(InDoubt{request.id, std::move(request.name), std::move(request.text)});
        } else {
          put_back(std::move(request));
        }
        break;
      case Kind::SetSecret:
      case Kind::Remove:
        if (was_asked && login_id_ != 0 && !unsettled_) {
          unsettled_ = std::move(request);
          unsettled_->refusal.reset();
          break;
        }
        [[fallthrough]];
      case Kind::List:
      case Kind::Fetch:
        tell(Refused{request.id, std::string(kLostToken), why, {}});
        break;
    }
  }
}

/// Puts a message that was on the way back into its place among those that are kept.
void Session::put_back(Request message) {
  const auto place = std::find_if(kept_.begin(), kept_.end(),
                                  [&message](const Request& each) { return each.id > message.id; });
  kept_.insert(place, std::move(message));
}

/// `message` is kept no longer.
void Session::forget(const Request& message) {
  --kept_count_;
  kept_bytes_ -= message.name.size() + message.text.size();
}

/// Nobody is to be logged in again.
void Session::forget_login() {
  self_.clear();
  secret_ = SecretBytes();
  login_id_ = 0;
  arrived_ = handed_out_ = shown_ = {};
  for (const Request& message : std::exchange(kept_, {})) {
    forget(message);
    tell(Refused{message.id, std::string(kNotLoggedIn), std::string(kNobody), {}});
  }
  if (unsettled_) {
    tell(Refused{unsettled_->id, std::string(kLostToken), std::string(kConnectionLost), {}});
    unsettled_.reset();
  }
}

// What goes out.

/// Asks the server for all that may be asked now.
void Session::pump() {
  while (Requests* queue = next_queue()) {
    Request request = std::move(queue->front());
    queue->pop_front();
    if (!may_ask(request)) {
      tell(Refused{request.id, std::string(kNotLoggedIn), std::string(kNobody), {}});
      continue;
    }
    write(request);
    awaited_.push_back(std::move(request));
  }
}

/// Where the next request is that may go out; none: nullptr. Requests go out in the order in which
/// they were made, but for messages without a login.
Session::Requests* Session::next_queue() {
  if (!is_connected_ || has_ended_ || (settings_.protocol == 0 && !awaited_.empty())) {
    return nullptr;
  }
  const auto is_login = [](const Request& each) {
    return each.kind == Kind::LogIn || each.kind == Kind::Create;
  };
  const bool is_login_asked =
      is_logged_in_ || std::any_of(awaited_.begin(), awaited_.end(), is_login);
  const bool is_message_next =
      !kept_.empty() &&
      (queued_.empty() || (is_login_asked && kept_.front().id < queued_.front().id));
  if (is_message_next) {
    return may_send() ? &kept_ : nullptr;
  }
  return queued_.empty() ? nullptr : &queued_;
}

/// Whether the server may accept it: a command that needs a login has one ahead of it.
bool Session::may_ask(const Request& request) const {
  switch (request.kind) {
    case Kind::Fetch:
    case Kind::SetSecret:
    case Kind::Remove:
      return is_logged_in_ || awaits_login();
    case Kind::LogIn:
    case Kind::Create:
    case Kind::List:
    case Kind::Send:
      break;
  }
  return true;
}

bool Session::may_send() const {
  if (!is_logged_in_ || is_coming_back_) {
    return false;
  }
  std::size_t count = 0;
  std::size_t bytes = kept_.front().text.size();
  for (const Request& each : awaited_) {
    count += each.kind == Kind::Send ? 1 : 0;
    bytes += each.text.size();
  }
  return count == 0 || (count < kMostOnTheWay && bytes <= kMostBytesOnTheWay);
}

/// Whether a login is on the way, or will be.
bool Session::awaits_login() const {
  const auto is_login = [](const Request& each) {
    return each.kind == Kind::LogIn || each.kind == Kind::Create;
  };
  return std::any_of(awaited_.begin(), awaited_.end(), is_login) ||
         std::any_of(queued_.begin(), queued_.end(), is_login);
}

std::size_t Session::sends_on_the_way() const {
  return static_cast<std::size_t>(
      std::count_if(awaited_.begin(), awaited_.end(),
                    [](const Request& each) { return each.kind == Kind::Send; }));
}

void Session::write(Request& request) {
  request.arrivals_before = request.arrivals_before.value_or(arrivals_);
  request.pushes_before = pushes_;
  if (settings_.protocol == 0) {
    write0(request);
  } else {
    write1(request);
  }
}

/// DELIVER and DELETE have no answer that marks their end. So a LIST follows them: answers keep
/// their order.
void Session::write0(Request& request) {
  switch (request.kind) {
    case Kind::LogIn:
      return append_command(output_, Login{request.name});
    case Kind::Create:
      return append_command(output_, Create{request.name});
    case Kind::List:
      return append_command(output_, List{request.name});
    case Kind::Send:
      request.echoes = request.name == self_ ? 2 : 1;  // one to oneself arrives, too
      return append_command(output_, Send{Message{self_, request.name, request.text}});
    case Kind::Fetch:
      append_command(output_, Deliver{});
      return append_command(output_, List{literal_pattern(self_)});
    case Kind::Remove:
      append_command(output_, Delete{});
      return append_command(output_, List{literal_pattern(self_)});
    case Kind::SetSecret:
      break;  // not in protocol 0
  }
}

void Session::write1(Request& request) {
  switch (request.kind) {
    case Kind::LogIn:
      return append_command1(output_, Login{request.name, settings_.client, request.secret.view()});
    case Kind::Create:
      return append_command1(output_,
                             Create{request.name, settings_.client, request.secret.view()});
    case Kind::List:
      return append_command1(output_, List{request.name});
    case Kind::Send:
      request.n = highest_n_ + sends_on_the_way() + 1;
      return append_command1(output_, SendNumbered{request.n, request.name, request.text});
    case Kind::Fetch:
      append_command1(output_, Deliver{});
      return append_command1(output_, List{literal_pattern(self_)});
    case Kind::SetSecret:
      return append_command1(output_, SetSecret{request.secret.view(), request.new_secret.view()});
    case Kind::Remove:
      return append_command1(output_, Delete{request.secret.view()});
  }
}

// What comes in.

void Session::receive(std::string_view bytes) {
  if (!is_connected_ || has_ended_ || bytes.empty()) {
    return;
  }
  // A server that turns a connection away before its first byte says so in protocol 0.
  if (!std::exchange(has_received_, true) && settings_.protocol != 0 && bytes[0] == kVersion0) {
    is_foreign_ = true;
    frames_ = FrameReader(Dialogue::kFirstFrameBytes, kVersion0);
  }
  frames_.feed(bytes);
  while (!has_ended_) {
    const FrameCut cut = frames_.take();
    if (cut.kind == FrameCut::Kind::Incomplete) {
      break;
    }
    take_frame(cut);
    pump();
  }
  acknowledge_shown();
}

void Session::take_frame(const FrameCut& cut) {
  if (is_foreign_) {
    return take_foreign(cut);
  }
  switch (cut.kind) {
    case FrameCut::Kind::Whole:
      return take_reply(cut);
    case FrameCut::Kind::BadVersion:
      return end("bad-version",
                 fmt::format("the server speaks version {} of the protocol, not {}", cut.version,
                             settings_.protocol),
                 false);
    case FrameCut::Kind::TooLong:
      return break_off(fmt::format("it announces a frame of more than {} bytes", kReplyBytes));
    case FrameCut::Kind::Incomplete:
      break;
  }
}

void Session::take_reply(const FrameCut& cut) {
  const auto take = [this](const auto& reply) {
    if (!reply) {
      return break_off(reply.error().text);
    }
    std::visit([this](const auto& what) { this->on(what); }, reply.value());
  };
  if (settings_.protocol == 0) {
    take(parse_reply(cut.code, cut.data));
  } else {
    take(parse_reply1(cut.code, cut.data));
  }
}

void Session::take_foreign(const FrameCut& cut) {
  if (cut.kind == FrameCut::Kind::Whole) {
    const auto reply = parse_reply(cut.code, cut.data);
    const auto* response = reply ? std::get_if<Response>(&reply.value()) : nullptr;
    if (response != nullptr) {
      if (const auto token = token_of_text(response->error); is_temporary(token)) {
        return end(token, response->error, true);
      }
    }
  }
  end("bad-version",
      "the server speaks protocol 0 only here: connect with --protocol 0, which has no secrets",
      false);
}

void Session::on(const Response& response) {
  if (!response.error.empty()) {
    return take_error(token_of_text(response.error), response.error);
  }
  if (!awaits(Kind::LogIn) && !awaits(Kind::Create)) {
    return break_off("it reports a success that nothing asked for");
  }
  start_session(take_awaited(), std::nullopt, 0);
}

void Session::on(const Response1& response) {
  if (!response.is_ok()) {
    return take_error(response.token, response.text, response.third);
  }
  if (response.waiting.has_value() != awaits(Kind::LogIn)) {
    return break_off("it answers with numbers that belong to another command");
  }
  if (awaits(Kind::LogIn) || awaits(Kind::Create)) {
    return start_session(take_awaited(), response.waiting.value_or(0), response.third.value_or(0));
  }
  if (awaits(Kind::SetSecret)) {
    Request request = take_awaited();
    secret_ = std::move(request.new_secret);
    return tell(Done{request.id});
  }
  if (awaits(Kind::Remove)) {
    return remove_account(take_awaited().id);
  }
  break_off("it reports a success that nothing asked for");
}

/// An error that nothing waits for is why the server closes the connection.
void Session::take_error(std::string_view token, std::string_view text,
                         std::optional<std::uint64_t> figure) {
  if (is_last_word(token)) {
    if (token == kTooLong && !awaited_.empty()) {
      fail(token, text, figure);  // sent again, it would be too long again
    }
    return end(token, text, may_return_after(token));
  }
  if (awaited_.empty()) {
    return end(token, text, true);
  }
  fail(token, text, figure);
}

/// What is asked for next to be answered was refused.
void Session::fail(std::string_view token, std::string_view text,
                   std::optional<std::uint64_t> figure) {
  if (awaits(Kind::Send) && settings_.protocol != 0 && token == kBadNumber) {
    return come_back(figure);
  }
  Request& asked = awaited_.front();
  Refused refused{asked.id, std::string(token), std::string(text),
                  token == kThrottled ? figure : std::nullopt};
  switch (asked.kind) {
    case Kind::LogIn:
    case Kind::Create:
      return refuse_login(take_awaited(), std::move(refused));
    case Kind::Fetch:
      break;
    case Kind::Remove:
      if (settings_.protocol == 0) {
        break;
      }
      [[fallthrough]];
    case Kind::List:
    case Kind::SetSecret:
      static_cast<void>(take_awaited());
      return tell(std::move(refused));
    case Kind::Send:
      forget(take_awaited());
      is_coming_back_ = sends_on_the_way() > 0;
      return tell(std::move(refused));
  }
  // Of two commands the first.
  if (!asked.refusal) {
    asked.refusal = std::move(refused);
    return;
  }
  tell(*take_awaited().refusal);
}

/// A message that stood behind a refused one: it goes out again with the right number once all of
/// them are back.
void Session::come_back(std::optional<std::uint64_t> highest) {
  if (!highest || *highest >= awaited_.front().n - 1) {
    return break_off("it refuses the number that it asks for");
  }
  highest_n_ = *highest;
  Request message = take_awaited();
  message.n = 0;
  put_back(std::move(message));
  is_coming_back_ = sends_on_the_way() > 0;
}

void Session::start_session(Request login, std::optional<std::uint64_t> waiting,
                            std::uint64_t highest) {
  if (is_logged_in_) {
    return break_off("it logs in a connection that is logged in");
  }
  if (highest > std::numeric_limits<std::uint64_t>::max() / 2) {
    return break_off("it has accepted more messages than there can be");
  }
  if (login.name != self_) {
    forget_login();
    self_ = login.name;
  }
  is_logged_in_ = true;
  login_id_ = login.id;
  secret_ = std::move(login.secret);
  highest_n_ = highest;
  tell(LoggedIn{login.id, waiting, login.is_again});
  if (unsettled_) {
    settle(login.tries_change);
  }
  // What went out on the connection before, and was accepted. The numbers ascend.
  while (!kept_.empty() && kept_.front().n != 0 && kept_.front().n <= highest) {
    Request& message = kept_.front();
    forget(message);
    tell(Sent{message.id, std::move(message.name), std::move(message.text), true});
    kept_.pop_front();
  }
  for (Request& message : kept_) {
    message.n = 0;
  }
}

/// The login tells what became of the request that a lost connection cut off.
void Session::settle(bool is_changed) {
  const Request request = std::move(*unsettled_);
  unsettled_.reset();
  if (is_changed) {
    return tell(Done{request.id});
  }
  tell(Refused{request.id,
               std::string(kLostToken),
               request.kind == Kind::Remove
                   ? "the connection was lost, and the account was not deleted"
                   : "the connection was lost, and the secret was not changed",
               {}});
}

void Session::refuse_login(Request login, Refused why) {
  if (login.tries_change && why.token == kBadSecret) {
    settle(false);
    return queue_login_again();
  }
  if (login.is_again && why.token == kNoSuchUser && unsettled_ &&
      unsettled_->kind == Kind::Remove) {
    const RequestId id = unsettled_->id;
    unsettled_.reset();
    return remove_account(id);
  }
  const bool is_kept =
      is_logged_in_ || awaits_login() || (login_id_ != 0 && is_temporary(why.token));
  tell(LoginRefused{why.id, std::move(why.token), std::move(why.text), why.figure, login.is_again});
  if (!is_kept) {
    forget_login();
  }
}

template <typename Names, typename AsUser>
void Session::finish_list(const Names& names, AsUser as_user) {
  const Request request = take_awaited();
  if (names.size() > kMostUsers) {
    return tell(Refused{request.id,
                        std::string(kTooMany),
                        fmt::format("more than {} usernames match, narrow the pattern", kMostUsers),
                        {}});
  }
  UserList list{request.id, {}};
  list.users.reserve(names.size());
  std::transform(names.begin(), names.end(), std::back_inserter(list.users), as_user);
  tell(std::move(list));
}

void Session::on(const ListResponse& list) {
  if (awaits(Kind::List)) {
    return finish_list(list.usernames, [](std::string_view name) {
      return UserList::User{std::string(name), {}};
    });
  }
  if (awaits(Kind::Fetch)) {
    return finish_fetch();
  }
  if (awaits(Kind::Remove)) {
    return finish_removal(list);
  }
  break_off("it lists usernames that nothing asked for");
}

void Session::on(const ListResponse1& list) {
  if (awaits(Kind::List)) {
    return finish_list(list.users, [](const ListResponse1::User& user) {
      return UserList::User{std::string(user.name), user.is_on};
    });
  }
  if (awaits(Kind::Fetch)) {
    return finish_fetch();
  }
  break_off("it lists usernames that nothing asked for");
}

/// In protocol 1 a server pushes only so much before it is acknowledged. So the end has come when
/// nothing more was pushed, with everything before acknowledged.
void Session::finish_fetch() {
  Request request = take_awaited();
  if (request.refusal) {
    return tell(std::move(*request.refusal));
  }
  if (settings_.protocol == 0 || request.pushes_before == pushes_) {
    return tell(FetchDone{request.id, arrivals_ - *request.arrivals_before});
  }
  if (shown_ < arrived_) {
    return fetches_.push_back(std::move(request));
  }
  acknowledge_shown();
  queued_.push_front(std::move(request));
}

void Session::finish_removal(const ListResponse& list) {
  Request request = take_awaited();
  const auto& names = list.usernames;
  if (std::find(names.begin(), names.end(), self_) == names.end()) {
    return remove_account(request.id);
  }
  if (request.refusal) {
    return tell(std::move(*request.refusal));
  }
  break_off("it still lists the account that it was to delete");
}

void Session::remove_account(RequestId id) {
  is_logged_in_ = false;
  tell(Done{id});
  forget_login();
}

void Session::on(const Delivery& delivery) {
  const Message& message = delivery.message;
  const std::string* self = account();
  if (self == nullptr) {
    return break_off("it delivers a message before login");
  }
  if (is_logged_in_ && message.sender == *self) {
    return take_own(message);
  }
  if (message.recipient != *self) {
    return break_off("it delivers a message that is for another account");
  }
  arrive(message.sender, message.text, {}, {});
}

/// In protocol 0 a message is confirmed by its own frame; one to oneself arrives besides.
void Session::take_own(const Message& message) {
  const bool is_to_self = message.recipient == self_;
  const bool is_echo = awaits(Kind::Send) && awaited_.front().name == message.recipient &&
                       awaited_.front().text == message.text;
  if (is_echo && --awaited_.front().echoes == 0) {
    Request request = take_awaited();
    forget(request);
    return tell(Sent{request.id, std::move(request.name), std::move(request.text), false});
  }
  if (!is_to_self) {
    return break_off("it confirms a message that was not sent");
  }
  arrive(message.sender, message.text, {}, {});
}

void Session::on(const Delivery1& delivery) {
  const Message& message = delivery.message;
  const std::string* self = account();
  if (self == nullptr) {
    return break_off("it delivers a message before login");
  }
  if (message.recipient != *self) {
    return break_off("it delivers a message that is for another account");
  }
  pushed_ = std::max(pushed_, delivery.number);
  if (delivery.number <= arrived_) {
    ++pushes_;
    return;
  }
  arrived_ = delivery.number;
  arrive(message.sender, message.text, delivery.number, delivery.time);
}

void Session::arrive(std::string_view sender, std::string_view text, MessageNumber number,
                     std::optional<UnixMs> time) {
  ++pushes_;
  ++arrivals_;
  tell(Arrived{std::string(sender), std::string(text), number, time});
}

void Session::on(const Accepted1& accepted) {
  if (!awaits(Kind::Send) || awaited_.front().n != accepted.n) {
    return break_off("it confirms a message that was not sent");
  }
  Request request = take_awaited();
  forget(request);
  highest_n_ = accepted.n;
  is_coming_back_ = is_coming_back_ && sends_on_the_way() > 0;
  tell(Sent{request.id, std::move(request.name), std::move(request.text),
            accepted.number == MessageNumber{}});
}

void Session::on(const Ping& ping) {
  if (output_.size() <= kMostOutputForPongs) {
    append_command1(output_, Pong{ping.data});
  }
}

void Session::on(const Pong&) { break_off("it answers a ping that was not sent"); }

/// Whether the next answer is for a request of this kind.
bool Session::awaits(Kind kind) const { return !awaited_.empty() && awaited_.front().kind == kind; }

Session::Request Session::take_awaited() {
  Request request = std::move(awaited_.front());
  awaited_.pop_front();
  return request;
}

/// For whom messages may come: messages to an account may overtake the answer to its login.
const std::string* Session::account() const {
  if (is_logged_in_) {
    return &self_;
  }
  return awaits(Kind::LogIn) || awaits(Kind::Create) ? &awaited_.front().name : nullptr;
}

void Session::end(std::string_view token, std::string_view text, bool may_return) {
  has_ended_ = true;
  tell(Ended{std::string(token), std::string(text), may_return});
}

void Session::break_off(std::string_view what) {
  end(kBrokenToken,
      fmt::format("the server broke the protocol: {}", log::escaped(what, what.size())), false);
}

// What the caller learns.

std::vector<SessionEvent> Session::take_events() {
  handed_out_ = arrived_;
  return std::exchange(events_, {});
}

bool Session::is_idle() const {
  return queued_.empty() && kept_.empty() && awaited_.empty() && fetches_.empty() && !unsettled_;
}

std::vector<Session::Unsent> Session::unsent() const {
  std::vector<Unsent> all;
  for (const Request& each : awaited_) {
    if (each.kind == Kind::Send) {
      all.push_back({each.id, each.name, each.text, true});
    }
  }
  for (const Request& each : kept_) {
    all.push_back({each.id, each.name, each.text, each.n != 0});
  }
  return all;
}

}  // namespace tribar::client
