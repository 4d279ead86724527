// SPDX-License-Identifier: MIT
//
// See tls_filter.h.
#include "tls/tls_filter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "base/byte_buffer.h"
#include "base/log.h"
#include "tls/tls_engine.h"

namespace tribar {
namespace {

using tls::TlsEngine;
using Step = TlsEngine::Step;

constexpr std::string_view kSubject = "tls";
/// Of ciphertext, read at once: a whole record, and what is read and not decrypted yet is kept
/// here, beside all that `limits.buffered_bytes` counts.
constexpr std::size_t kReadBytes = 17408;
/// What the library takes for a connection at rest, and for one in its handshake.
constexpr std::size_t kOpenBytes = std::size_t{16} << 10;
constexpr std::size_t kHandshakeBytes = std::size_t{45} << 10;
constexpr int kReadsPerTurn = 4;
constexpr int kRecordsPerTurn = 64;
/// Written before the handshake is over: a last word.
constexpr std::size_t kEarlyBytes = 4096;
/// Whoever makes us answer so much and does not take it is not read until it does.
constexpr std::size_t kMostUnsentBytes = 65536;

class TlsFilter final : public Transport,
                        private TransportEvents,
                        private HandshakePacer::Waiter,
                        private TlsEngine::Gate {
 public:
  TlsFilter(std::unique_ptr<Transport> under, std::shared_ptr<const TlsContext> context,
            HandshakePacer& pacer)
      : under_(std::move(under)),
        pacer_(pacer),
        context_(std::move(context)),
        engine_(context_->raw(), true, this) {}
  TlsFilter(const TlsFilter&) = delete;
  TlsFilter& operator=(const TlsFilter&) = delete;
  ~TlsFilter() override {
    if (is_gone_ != nullptr) {
      *is_gone_ = true;
    }
    pacer_.forget(*this);
    if (!is_failed_ && !is_writing_ && !is_sending_) {
      engine_.close();
      // A peer that does not take it sees the end without it.
      static_cast<void>(under_->try_write(engine_.output().view(), {}));
    }
  }

  void bind(TransportEvents& events, Connection& connection) override {
    events_ = &events;
    connection_ = &connection;
    under_->bind(*this, connection);
  }

  void start_reading() override {
    is_reading_ = true;
    if (has_work()) {
      hold_back();
    }
    update_under();
  }
  void stop_reading() override {
    is_reading_ = false;
    update_under();
  }
  void resume() override {
    is_held_back_ = false;
    if (is_writing_ && (is_failed_ || is_all_taken()) && !finish_write(!is_failed_)) {
      return;
    }
    go_on_reading();
  }

  std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) override {
    if (is_failed_) {
      return -1;
    }
    if (!engine_.is_open()) {
      return keep_for_later(bytes, more);
    }
    if (is_sending_) {
      return 0;
    }
    const std::size_t size = bytes.size() + more.size();
    std::size_t sealed = 0;
    while (sealed < size && !is_sending_ && !is_failed_) {
      sealed += send_record(bytes, more, sealed);
    }
    ahead_ = record_.plain;
    const std::size_t taken = sealed - ahead_;
    // What was taken before a failure counts; the next call tells of that.
    return is_failed_ && taken == 0 ? -1 : static_cast<std::ptrdiff_t>(taken);
  }

  void write(std::string_view bytes) override {
    is_writing_ = true;
    writing_ = bytes;
    sealed_of_write_ = std::exchange(ahead_, 0);
    go_on_writing();
  }

  std::size_t unwritten_bytes() const override {
    if (!is_writing_) {
      return 0;
    }
    const std::uint64_t taken = is_sending_ ? sent_ - under_->unwritten_bytes() : sent_;
    return writing_.size() - sealed_of_write_ + (record_.end > taken ? record_.plain : 0);
  }

  void discard_input() override {
    engine_.drop_input();
    under_->discard_input();
  }

  void shut_down() override {
    is_shutting_ = true;
    finish_shut_down();
  }

  std::size_t memory_bytes() const override {
    return engine_.is_open() ? kOpenBytes : kHandshakeBytes;
  }
  std::string peer() const override { return under_->peer(); }
  PeerNetwork network() const override { return under_->network(); }
  bool is_private() const override { return true; }
  bool is_encrypted() const override { return true; }
  std::string certificate_name() const override {
    return engine_.is_open() ? engine_.peer_name() : std::string();
  }

 private:
  /// One that was not all taken.
  struct Record {
    std::uint64_t end = 0;  // in the ciphertext of the connection's life
    std::size_t plain = 0;  // 0: there is none
  };

  // Of what is under it.
  ReadSpace space(Connection&) override {
    // As much in a turn, and nothing more while there is something left.
    if (full_reads_ >= kReadsPerTurn) {
      full_reads_ = 0;
      return {};
    }
    if (!wants_input()) {
      return {};
    }
    static thread_local std::array<char, kReadBytes> ciphertext;
    space_ = ciphertext.data();
    return {space_, ciphertext.size()};
  }
  void read(Connection&, std::size_t size) override {
    full_reads_ = size == kReadBytes ? full_reads_ + 1 : 0;
    engine_.give({space_, size});
    go_on_reading();
  }
  void end(Connection& connection, bool is_failed) override {
    is_under_at_end_ = true;
    if (is_failed) {
      is_failed_ = true;
      events_->end(connection, true);
    } else if (!has_work()) {
      end_without_notice();
    }
  }
  void written(Connection&, bool is_ok) override {
    if (!is_ok) {
      is_failed_ = true;
      if (is_writing_) {
        finish_write(false);
      }
      return;
    }
    is_sending_ = false;
    sending_.clear(0);
    record_ = {};
    if (is_writing_ && is_all_taken()) {
      if (!finish_write(true)) {
        return;
      }
    }
    send_output();
    go_on_writing();
    if (is_failed_ && !is_writing_) {
      events_->end(*connection_, true);
      return;
    }
    finish_shut_down();
    if (has_work() && is_reading_) {
      hold_back();
    }
    update_under();
  }
  void hold_back(Connection&) override { hold_back(); }

  // Of the pacer and the engine.
  void begin_handshake() override {
    is_admitted_ = true;
    go_on_reading();
  }
  bool may_begin() override {
    if (!is_admitted_ && !is_waiting_) {
      is_admitted_ = pacer_.admit(*this);
      is_waiting_ = !is_admitted_;
    }
    return is_admitted_;
  }

  void hold_back() {
    if (!std::exchange(is_held_back_, true)) {
      events_->hold_back(*connection_);
    }
  }

  /// The handshake waits for others.
  [[nodiscard]] bool is_paused() const { return is_waiting_ && !is_admitted_; }

  /// Whether there is something to be done that the transport under it has brought already.
  [[nodiscard]] bool has_work() const {
    if (is_ended_ || is_failed_ || is_paused() || is_stuffed()) {
      return false;
    }
    if (!engine_.is_open()) {
      return engine_.has_input() || (is_waiting_ && is_admitted_);
    }
    return engine_.can_read();
  }
  [[nodiscard]] bool wants_input() const {
    return is_reading_ && !is_ended_ && !is_failed_ && !is_paused() && !is_stuffed() &&
           !has_work() && !is_under_at_end_;
  }
  [[nodiscard]] bool is_stuffed() const {
    return is_sending_ && engine_.output().size() > kMostUnsentBytes;
  }

  void update_under() {
    const bool wants = wants_input();
    if (wants != is_under_reading_) {
      is_under_reading_ = wants;
      wants ? under_->start_reading() : under_->stop_reading();
    }
  }

  /// Does what can be done with what has come. Any of the calls may be the end of this.
  void go_on_reading() {
    bool is_gone = false;
    is_gone_ = &is_gone;
    for (int records = 0; is_reading_ && has_work(); ++records) {
      if (!engine_.is_open()) {
        if (!go_on_with_handshake()) {
          return;
        }
        continue;
      }
      const ReadSpace space =
          records < kRecordsPerTurn ? events_->space(*connection_) : ReadSpace{};
      if (space.size == 0) {
        hold_back();
        break;
      }
      const TlsEngine::Read read = engine_.read(space.at, space.size);
      send_output();
      if (read.step == Step::Done) {
        events_->read(*connection_, read.size);
        if (is_gone) {
          return;
        }
      } else if (read.step == Step::Ended) {
        is_ended_ = true;
        engine_.drop_input();
        update_under();
        is_gone_ = nullptr;
        events_->end(*connection_, false);
        return;
      } else if (read.step == Step::Failed) {
        fail();
        return;
      }
    }
    is_gone_ = nullptr;
    if (is_failed_) {
      fail();
      return;
    }
    engine_.keep_input();
    update_under();
    if (is_reading_ && is_under_at_end_ && !has_work()) {
      end_without_notice();
    }
  }

  /// False when this was the end.
  [[nodiscard]] bool go_on_with_handshake() {
    is_waiting_ = false;
    const Step step = engine_.handshake();
    send_output();
    if (step == Step::Failed || step == Step::Ended || is_failed_) {
      fail();
      return false;
    }
    if (step == Step::Done) {
      if (log::is_on(log::Level::Debug)) {
        log::debug(kSubject, "{}: {}", peer(), engine_.terms());
      }
      write_early();
    }
    return true;
  }

  /// Without TLS this would be a stream's end; here somebody else may have cut it.
  void end_without_notice() {
    log::debug(kSubject, "{}: {}", peer(),
               engine_.is_open() ? "the connection ended without a close_notify"
                                 : "the connection ended during the handshake");
    is_failed_ = true;
    is_gone_ = nullptr;
    events_->end(*connection_, true);
  }

  void fail() {
    if (!engine_.error().empty()) {
      log::debug(kSubject, "{}: {}: {}", peer(), engine_.is_open() ? "failed" : "no handshake",
                 engine_.error());
    }
    is_failed_ = true;
    engine_.drop_input();
    // Else the peer sees a reset instead of the alert.
    under_->discard_input();
    is_gone_ = nullptr;
    events_->end(*connection_, true);
  }

  [[nodiscard]] std::ptrdiff_t keep_for_later(std::string_view bytes, std::string_view more) {
    const std::size_t size = bytes.size() + more.size();
    if (early_.size() + size > kEarlyBytes) {
      return 0;
    }
    early_.append(bytes);
    early_.append(more);
    return static_cast<std::ptrdiff_t>(size);
  }

  /// The handshake is over: what waited for that is written.
  void write_early() {
    if (!early_.is_empty()) {
      is_failed_ = is_failed_ || !engine_.write(early_.view());
      early_.clear(0);
      if (!is_sending_) {
        send_output();
      }
    }
    go_on_writing();
    finish_shut_down();
  }

  /// Sends ciphertext, as far as it is taken at once; the rest is under way then.
  void send_output() {
    ByteBuffer& output = engine_.output();
    if (is_sending_ || output.is_empty()) {
      return;
    }
    const std::ptrdiff_t taken = is_failed_ ? 0 : under_->try_write(output.view(), {});
    sent_ = engine_.output_bytes();
    if (taken < 0) {
      is_failed_ = true;
    }
    if (taken == static_cast<std::ptrdiff_t>(output.size()) || is_failed_) {
      output.clear(0);
      return;
    }
    sending_ = std::move(output);
    is_sending_ = true;
    under_->write(sending_.view().substr(static_cast<std::size_t>(taken)));
  }

  /// Makes a record of `bytes` and `more` behind them, from `begin` on, and sends it. Returns how
  /// many bytes went into it; 0: the stream failed.
  std::size_t send_record(std::string_view bytes, std::string_view more, std::size_t begin) {
    const std::size_t plain = std::min(TlsEngine::kRecordBytes, bytes.size() + more.size() - begin);
    std::array<char, TlsEngine::kRecordBytes> joined;
    std::string_view record;
    if (begin + plain <= bytes.size()) {
      record = bytes.substr(begin, plain);
    } else if (begin >= bytes.size()) {
      record = more.substr(begin - bytes.size(), plain);
    } else {
      const std::size_t front = bytes.size() - begin;
      std::memcpy(joined.data(), bytes.data() + begin, front);
      std::memcpy(joined.data() + front, more.data(), plain - front);
      record = {joined.data(), plain};
    }
    if (!engine_.write(record)) {
      is_failed_ = true;
      return 0;
    }
    send_output();
    if (is_failed_) {
      return 0;
    }
    if (is_sending_) {
      record_ = {sent_, plain};
    }
    return plain;
  }

  /// Of the write under way.
  [[nodiscard]] bool is_all_taken() const {
    return sealed_of_write_ == writing_.size() && record_.plain == 0;
  }

  /// Goes on with the write under way, if there is one, once the handshake is over and while
  /// nothing is being sent. It is told later that it is over, not from here.
  void go_on_writing() {
    if (!is_writing_) {
      return;
    }
    while (engine_.is_open() && !is_failed_ && !is_sending_ && sealed_of_write_ < writing_.size()) {
      sealed_of_write_ += send_record(writing_, {}, sealed_of_write_);
    }
    if (is_failed_ || is_all_taken()) {
      hold_back();
    }
  }

  /// False when this was the end.
  bool finish_write(bool is_ok) {
    bool is_gone = false;
    bool* const outer = std::exchange(is_gone_, &is_gone);
    if (is_ok) {
      is_writing_ = false;
      writing_ = {};
    }
    events_->written(*connection_, is_ok);
    if (is_gone) {
      if (outer != nullptr) {
        *outer = true;
      }
      return false;
    }
    is_gone_ = outer;
    return true;
  }

  /// Ends our side, if that was asked for, the handshake is over, and all before it was taken.
  void finish_shut_down() {
    if (!is_shutting_ || is_shut_ || !engine_.is_open() || is_writing_ || is_failed_) {
      return;
    }
    engine_.close();
    send_output();
    if (!is_sending_) {
      is_shut_ = true;
      under_->shut_down();
    }
  }

  std::unique_ptr<Transport> under_;
  HandshakePacer& pacer_;
  std::shared_ptr<const TlsContext> context_;
  TransportEvents* events_ = nullptr;
  Connection* connection_ = nullptr;
  TlsEngine engine_;

  // Reading.
  char* space_ = nullptr;    // where the last space was
  bool* is_gone_ = nullptr;  // set when it is destroyed in a call of its own
  int full_reads_ = 0;       // one right after the other, with more to come
  bool is_reading_ = false;
  bool is_under_reading_ = false;
  bool is_held_back_ = false;
  bool is_waiting_ = false;   // the pacer was asked, and the handshake has not gone on since
  bool is_admitted_ = false;  // by the pacer
  bool is_ended_ = false;     // by the peer's close_notify
  bool is_under_at_end_ = false;
  bool is_failed_ = false;  // nothing is read or written any more

  // Writing.
  bool is_writing_ = false;   // writing_ is under way
  bool is_sending_ = false;   // sending_ is under way
  bool is_shutting_ = false;  // our side is to end
  bool is_shut_ = false;
  ByteBuffer early_;
  std::string_view writing_;
  std::size_t sealed_of_write_ = 0;
  std::size_t ahead_ = 0;   // sealed of what write() is going to be given
  ByteBuffer sending_;      // the end of which is under way
  std::uint64_t sent_ = 0;  // ciphertext that the one under it was given
  Record record_;
};

}  // namespace

std::unique_ptr<Transport> make_tls_filter(std::unique_ptr<Transport> under,
                                           std::shared_ptr<const TlsContext> context,
                                           HandshakePacer& pacer) {
  return std::make_unique<TlsFilter>(std::move(under), std::move(context), pacer);
}

}  // namespace tribar
