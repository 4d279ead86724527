// SPDX-License-Identifier: MIT
//
// A transport filter for tests: every byte is XORed with 0x55 on the wire, and input is passed on
// in pieces of 1 to 7 bytes. It shows what a filter may do. It can also leave the bytes as they
// are, and say that others can read them.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "loop/transport.h"

namespace tribar::test {

[[nodiscard]] inline std::string scrambled(std::string_view bytes) {
  std::string out(bytes);
  for (char& c : out) {
    c = static_cast<char>(c ^ 0x55);
  }
  return out;
}

class XorFilter final : public Transport, private TransportEvents {
 public:
  struct Options {
    bool scrambles = true;
    bool is_private = true;  // if the transport below is
  };
  explicit XorFilter(std::unique_ptr<Transport> under) : XorFilter(std::move(under), Options{}) {}
  XorFilter(std::unique_ptr<Transport> under, const Options& options)
      : under_(std::move(under)), options_(options) {}
  XorFilter(const XorFilter&) = delete;
  XorFilter& operator=(const XorFilter&) = delete;
  ~XorFilter() override {
    if (is_gone_ != nullptr) {
      *is_gone_ = true;
    }
  }

  void bind(TransportEvents& events, Connection& connection) override {
    events_ = &events;
    connection_ = &connection;
    under_->bind(*this, connection);
  }
  void start_reading() override {
    is_reading_ = true;
    if (has_input()) {
      events_->hold_back(*connection_);
    } else if (!is_at_end_) {
      under_->start_reading();
    }
  }
  void stop_reading() override {
    is_reading_ = false;
    under_->stop_reading();
  }
  void resume() override { hand_over(); }

  std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) override {
    return under_->try_write(on_the_wire(bytes) + on_the_wire(more), {});
  }
  void write(std::string_view bytes) override {
    writing_ = on_the_wire(bytes);
    under_->write(writing_);
  }
  std::size_t unwritten_bytes() const override { return under_->unwritten_bytes(); }
  void discard_input() override {
    input_.clear();
    taken_ = 0;
    under_->discard_input();
  }
  void shut_down() override { under_->shut_down(); }
  std::string peer() const override { return under_->peer(); }
  PeerNetwork network() const override { return under_->network(); }
  bool is_private() const override { return options_.is_private && under_->is_private(); }

 private:
  [[nodiscard]] std::string on_the_wire(std::string_view bytes) const {
    return options_.scrambles ? scrambled(bytes) : std::string(bytes);
  }

  // Events of the transport below.
  ReadSpace space(Connection&) override {
    return has_input() ? ReadSpace{} : ReadSpace{raw_.data(), raw_.size()};
  }
  void read(Connection&, std::size_t size) override {
    input_ = on_the_wire({raw_.data(), size});
    taken_ = 0;
    hand_over();
  }
  void end(Connection& connection, bool is_failed) override {
    is_at_end_ = true;
    if (is_failed || !has_input()) {
      events_->end(connection, is_failed);
    }
  }
  void written(Connection& connection, bool is_ok) override { events_->written(connection, is_ok); }
  void hold_back(Connection& connection) override { events_->hold_back(connection); }

  [[nodiscard]] bool has_input() const { return taken_ < input_.size(); }

  /// Each of the calls may destroy this object.
  void hand_over() {
    bool is_gone = false;
    is_gone_ = &is_gone;
    while (is_reading_ && has_input()) {
      const ReadSpace space = events_->space(*connection_);
      if (space.size == 0) {
        events_->hold_back(*connection_);
        break;
      }
      piece_ = piece_ % 7 + 1;
      const std::size_t size = std::min({space.size, piece_, input_.size() - taken_});
      std::copy_n(input_.data() + taken_, size, space.at);
      taken_ += size;
      events_->read(*connection_, size);
      if (is_gone) {
        return;
      }
    }
    is_gone_ = nullptr;
    if (is_reading_ && !has_input()) {
      if (is_at_end_) {
        events_->end(*connection_, false);
      } else {
        under_->start_reading();
      }
    }
  }

  std::unique_ptr<Transport> under_;
  Options options_;
  TransportEvents* events_ = nullptr;
  Connection* connection_ = nullptr;
  std::array<char, 4096> raw_{};
  std::string input_;  // not passed on completely
  std::size_t taken_ = 0;
  std::size_t piece_ = 0;
  std::string writing_;
  bool is_reading_ = false;
  bool is_at_end_ = false;
  bool* is_gone_ = nullptr;  // set if the object is destroyed during one of its own calls
};

}  // namespace tribar::test
