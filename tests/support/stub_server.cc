// SPDX-License-Identifier: MIT
//
// See stub_server.h.
#include "support/stub_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "chat/glob.h"
#include "zero/command.h"
#include "zero/frame.h"
#include "zero/reply.h"
#include "zero/wording.h"

namespace tribar {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = StubFault::Kind;

constexpr std::uint64_t kMostFrameBytes = std::uint64_t{1} << 20;

struct Peer {
  int fd = -1;
  FrameReader reader{kMostFrameBytes};
  std::string out;
  std::string name;
  bool is_ending = false;  // it will send nothing more
};

struct Account {
  Peer* peer = nullptr;
  std::string undelivered;
};

}  // namespace

class StubServer::Loop {
 public:
  explicit Loop(const StubFault& fault);
  ~Loop();

  std::uint16_t port = 0;
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::int64_t> held_ns{0};
  std::atomic<std::size_t> account_count{0};

 private:
  struct Delayed {
    Clock::time_point read;
    std::string recipient;
    std::string frame;
  };

  void run();
  void accept_one();
  void die();
  void read(Peer& peer);
  void handle(Peer& peer, const Command& command);
  void on_send(Peer& peer, const Message& message);
  void deliver(const std::string& recipient, std::string_view frame, Clock::time_point read);
  void release_delayed();
  void write(Peer& peer);
  void log_out(Peer& peer);
  [[nodiscard]] int next_timeout_ms() const;

  StubFault fault_;
  int listener_;
  int stop_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<std::pair<std::string, Account>> accounts_;  // in the order of their creation
  std::deque<Delayed> delayed_;
  std::uint64_t sends_ = 0;
  std::uint64_t commands_ = 0;
  bool is_dead_ = false;
  std::string swapped_pair_;  // "sender recipient", while one of them waits
  std::string swapped_;
  Clock::time_point read_at_;
  std::thread thread_;

  Account* find(std::string_view name) {
    for (auto& [known, account] : accounts_) {
      if (known == name) {
        return &account;
      }
    }
    return nullptr;
  }
};

StubServer::Loop::Loop(const StubFault& fault)
    : fault_(fault),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      stop_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, bytes) != 0 || listen(listener_, 1024) != 0 ||
      getsockname(listener_, generic, &bytes) != 0) {
    throw std::runtime_error("stub server: cannot listen");
  }
  port = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

StubServer::Loop::~Loop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(stop_, &one, sizeof one);
  thread_.join();
  // The listener is closed first, since a client whose connection ends may reconnect at once.
  if (listener_ >= 0) {
    close(listener_);
  }
  for (const auto& peer : peers_) {
    close(peer->fd);
  }
  close(stop_);
}

void StubServer::Loop::run() {
  while (true) {
    std::vector<pollfd> polled{{stop_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& peer : peers_) {
      const int wanted = (peer->is_ending ? 0 : POLLIN) | (peer->out.empty() ? 0 : POLLOUT);
      polled.push_back({peer->fd, static_cast<short>(wanted), 0});
    }
    poll(polled.data(), polled.size(), next_timeout_ms());
    if (polled[0].revents != 0) {
      return;
    }
    read_at_ = Clock::now();
    for (std::size_t i = 2; i < polled.size(); ++i) {
      if (polled[i].revents != 0 && !peers_[i - 2]->is_ending) {
        read(*peers_[i - 2]);
      }
    }
    release_delayed();
    for (const auto& peer : peers_) {
      write(*peer);
    }
    std::erase_if(peers_, [this](const std::unique_ptr<Peer>& peer) {
      const bool is_over = peer->is_ending && peer->out.empty();
      if (is_over) {
        log_out(*peer);
        close(peer->fd);
      }
      return is_over;
    });
    if (polled[1].revents != 0) {
      accept_one();
    }
  }
}

int StubServer::Loop::next_timeout_ms() const {
  if (delayed_.empty()) {
    return -1;
  }
  const auto left = delayed_.front().read + fault_.span - Clock::now();
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::max<std::int64_t>(ms, 0));
}

void StubServer::Loop::accept_one() {
  for (int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); fd >= 0;
       fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) {
    peers_.push_back(std::make_unique<Peer>());
    peers_.back()->fd = fd;
  }
}

void StubServer::Loop::read(Peer& peer) {
  std::array<char, 65536> buffer;
  const ssize_t n = recv(peer.fd, buffer.data(), buffer.size(), 0);
  if (n <= 0) {
    if (n == 0 || errno != EAGAIN) {
      peer.is_ending = true;
      log_out(peer);
    }
    return;
  }
  peer.reader.feed({buffer.data(), static_cast<std::size_t>(n)});
  for (FrameCut cut = peer.reader.take(); cut.kind == FrameCut::Kind::Whole && !peer.is_ending;
       cut = peer.reader.take()) {
    const auto command = parse_command(cut.code, cut.data, {});
    if (command) {
      handle(peer, command.value());
    } else {
      const std::string text = text_of(command.error());
      append_reply(peer.out, Response{text});
    }
  }
}

void StubServer::Loop::handle(Peer& peer, const Command& command) {
  if (is_dead_ || (fault_.kind == Kind::Mute && ++commands_ >= fault_.nth)) {
    return;
  }
  if (const auto* create = std::get_if<Create>(&command)) {
    if (find(create->username) != nullptr) {
      append_reply(peer.out, Response{"username already exists"});
      return;
    }
    peer.name = create->username;
    accounts_.emplace_back(peer.name, Account{.peer = &peer, .undelivered = {}});
    append_reply(peer.out, Response{});
  } else if (const auto* login = std::get_if<Login>(&command)) {
    Account* account = find(login->username);
    if (account == nullptr || account->peer != nullptr) {
      append_reply(peer.out, Response{"username does not exist"});
      return;
    }
    account->peer = &peer;
    peer.name = login->username;
    append_reply(peer.out, Response{});
  } else if (const auto* list = std::get_if<List>(&command)) {
    if (fault_.kind == Kind::NoList) {
      return;
    }
    const Glob glob(list->pattern.empty() ? "*" : list->pattern);
    ListResponse answer;
    for (const auto& [name, account] : accounts_) {
      if (glob.matches(name)) {
        answer.usernames.push_back(name);
      }
    }
    append_reply(peer.out, answer);
  } else if (std::holds_alternative<Deliver>(command)) {
    if (Account* account = find(peer.name)) {
      peer.out += std::exchange(account->undelivered, {});
    }
  } else if (std::holds_alternative<Delete>(command)) {
    std::erase_if(accounts_, [&](const auto& entry) { return entry.first == peer.name; });
    peer.name.clear();
  } else if (const auto* send = std::get_if<Send>(&command)) {
    on_send(peer, send->message);
  }
  account_count = accounts_.size();
}

void StubServer::Loop::on_send(Peer& peer, const Message& message) {
  std::string frame;
  append_message(frame, message);
  const std::string recipient(message.recipient);
  const std::string pair = std::string(message.sender) + ' ' + recipient;
  std::string echo = frame;
  const bool goes_on = fault_.kind == Kind::RefuseAll || fault_.kind == Kind::RefuseAndEnd;
  ++sends_;
  const bool is_now = goes_on ? sends_ >= fault_.nth : sends_ == fault_.nth;
  const Kind now = is_now ? fault_.kind : Kind::None;
  switch (now) {
    case Kind::Refuse:
      append_reply(peer.out, Response{fault_.refusal});
      return;
    case Kind::RefuseAll:
      append_reply(peer.out, Response{fault_.refusal});
      return;
    case Kind::RefuseAndEnd:
      append_reply(peer.out, Response{fault_.refusal});
      peer.is_ending = true;
      return;
    case Kind::Disconnect:
      peer.is_ending = true;
      return;
    case Kind::Die:
      die();
      return;
    case Kind::Stall: {
      // Waits, but not longer than until the end of the test.
      pollfd stop{stop_, POLLIN, 0};
      poll(&stop, 1, static_cast<int>(fault_.span.count()));
      break;
    }
    case Kind::Corrupt:
      frame.back() = frame.back() == 'x' ? 'y' : 'x';
      break;
    case Kind::CorruptStamp:
      frame[frame.size() - message.text.size()] ^= 1;
      break;
    case Kind::NoAnswer:
      echo.clear();
      break;
    case Kind::DoubleAnswer:
      echo += frame;
      break;
    case Kind::Double:
      deliver(recipient, frame, read_at_);
      break;
    case Kind::Swap:
      swapped_pair_ = pair;
      swapped_ = frame;
      break;
    case Kind::Drop:
    case Kind::Delay:
    case Kind::Mute:
    case Kind::NoList:
    case Kind::None:
      break;
  }
  peer.out += echo;
  if (now == Kind::Drop || now == Kind::Swap) {
    return;
  }
  if (fault_.kind == Kind::Delay && sends_ >= fault_.nth) {
    delayed_.push_back({read_at_, recipient, frame});
    return;
  }
  deliver(recipient, frame, read_at_);
  if (pair == swapped_pair_) {
    swapped_pair_.clear();
    deliver(recipient, swapped_, read_at_);
  }
}

void StubServer::Loop::die() {
  close(std::exchange(listener_, -1));
  is_dead_ = true;
  for (const auto& peer : peers_) {
    peer->out.clear();
    peer->is_ending = true;
  }
}

void StubServer::Loop::deliver(const std::string& recipient, std::string_view frame,
                               Clock::time_point read) {
  Account* account = find(recipient);
  if (account == nullptr) {
    return;
  }
  if (account->peer == nullptr) {
    account->undelivered += frame;
    return;
  }
  account->peer->out += frame;
  messages += 1;
  held_ns += std::chrono::nanoseconds(Clock::now() - read).count();
}

void StubServer::Loop::release_delayed() {
  while (!delayed_.empty() && delayed_.front().read + fault_.span <= Clock::now()) {
    const Delayed& first = delayed_.front();
    deliver(first.recipient, first.frame, first.read);
    delayed_.pop_front();
  }
}

void StubServer::Loop::write(Peer& peer) {
  if (peer.out.empty()) {
    return;
  }
  const ssize_t n = send(peer.fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
  if (n >= 0) {
    peer.out.erase(0, static_cast<std::size_t>(n));
  } else if (errno != EAGAIN) {
    peer.out.clear();
    peer.is_ending = true;
  }
}

void StubServer::Loop::log_out(Peer& peer) {
  Account* account = find(peer.name);
  if (account != nullptr && account->peer == &peer) {
    account->peer = nullptr;
  }
}

StubServer::StubServer(const StubFault& fault) : loop_(std::make_unique<Loop>(fault)) {}
StubServer::~StubServer() = default;

std::uint16_t StubServer::port() const { return loop_->port; }

StubServer::Held StubServer::held() const {
  Held held{.messages = loop_->messages};
  if (held.messages > 0) {
    held.mean = std::chrono::nanoseconds(loop_->held_ns / static_cast<std::int64_t>(held.messages));
  }
  return held;
}

std::size_t StubServer::accounts() const { return loop_->account_count; }

}  // namespace tribar
