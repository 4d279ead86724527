// SPDX-License-Identifier: MIT
//
// A client's TLS stream through the server's filter: cut anywhere, with bytes changed and garbage
// between, while the owner writes, stops reading and has little room, and the kernel takes little.
// Whatever comes, the owner gets the front of what the client said, and the client the front of
// what the owner wrote; and what counts as written, the client can read.
//
// Keys are new each time, so an input does the same but does not make the same bytes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "fuzz.h"
#include "fuzz_bytes.h"
#include "support/tls_rig.h"

namespace tribar {
namespace {

using fuzz::Bytes;
using fuzz::check;
using test::TlsRig;

const std::shared_ptr<const TlsContext>& context(bool is_1_2) {
  static const test::TlsFiles files;
  static const auto make = [](TlsSettings::Version version) {
    TlsSettings settings = files.settings();
    settings.min_version = version;
    return test::loaded(settings);
  };
  static const std::array contexts{make(TlsSettings::Version::Tls13),
                                   make(TlsSettings::Version::Tls12)};
  return contexts.at(is_1_2 ? 1 : 0);
}

class Run {
 public:
  Run(bool is_1_2, const test::ClientContext& client) : rig_(context(is_1_2), client) {
    rig_.owner.on_end = [this] { rig_.filter.reset(); };
  }

  void take(Bytes& input) {
    switch (input.take() % 16) {
      case 0:
      case 1:
        bring(input.take());
        break;
      case 2:
      case 3:
        bring(std::size_t{64} * input.take());
        break;
      case 4:
        spoil(input.take(), static_cast<char>(input.take()));
        break;
      case 5:
        rig_.coming.insert(0, std::string(input.take(input.take() % 64)));
        is_spoilt_ = true;
        break;
      case 6:
      case 7:
        say(std::string(input.take() * (input.take() % 2 == 0 ? 1U : 256U), 's'));
        break;
      case 8:
      case 9:
        write(input.take() * (input.take() % 2 == 0 ? 1U : 256U));
        break;
      case 10:
        rig_.wire->room = input.take() * 64U;
        break;
      case 11:
        rig_.wire->take(input.take() * 64U + 1);
        break;
      case 12:
        rig_.turn();
        break;
      case 13:
        rig_.owner.room = input.take() % 4 * 100U;
        break;
      case 14:
        set_reading(input.take() % 4 != 0);
        break;
      default:
        end(input.take());
        break;
    }
    check_what_is_known();
  }

  void finish() {
    rig_.owner.room = 65536;
    rig_.wire->room = std::size_t{1} << 30;
    set_reading(true);
    for (int i = 0; i < 100; ++i) {
      collect();
      bring(std::size_t{1} << 20);
      rig_.wire->take();
      rig_.turn();
      rig_.to_client();
    }
    check_what_is_known();
    if (!is_spoilt_ && !is_ended_) {
      check(rig_.client.is_open(), "a handshake that nobody spoils is done");
      check(rig_.owner.got == said_, "and everything arrives");
      check(rig_.client_got == written_, "in both directions");
    }
  }

 private:
  /// What the client has to send joins what is on its way.
  void collect() {
    rig_.coming += rig_.client.output().view();
    rig_.client.output().clear(0);
  }

  void bring(std::size_t most) {
    collect();
    const std::string_view bytes = std::string_view(rig_.coming).substr(0, most);
    rig_.coming.erase(0, rig_.wire->bring(bytes));
    rig_.to_client();
    collect();
  }

  void spoil(std::size_t at, char with) {
    if (at < rig_.coming.size() && with != '\0') {
      rig_.coming[at] = static_cast<char>(rig_.coming[at] ^ with);
      is_spoilt_ = true;
    }
  }

  void say(std::string text) {
    if (rig_.client.is_open() && !rig_.has_client_failed && !has_client_closed_) {
      for (std::size_t at = 0; at < text.size(); at += 16384) {
        check(rig_.client.write(std::string_view(text).substr(at, 16384)), "a client can write");
      }
      said_ += text;
    }
  }

  void write(std::size_t size) {
    if (!rig_.filter || is_writing() || is_writing_ended_ || size == 0) {
      return;
    }
    pending_ = std::string(size, 'w');
    const std::string_view bytes = pending_;
    const std::size_t half = size / 3;
    const auto on_the_wire = [this] { return rig_.wire->taken.size() + rig_.wire->writing.size(); };
    const std::size_t before = on_the_wire();
    const std::ptrdiff_t taken = rig_.filter->try_write(bytes.substr(0, half), bytes.substr(half));
    if (taken < 0) {
      rig_.filter.reset();
      return;
    }
    written_ += pending_;
    // Taken before the handshake is over, to be sent after it.
    is_early_ |= taken > 0 && on_the_wire() == before;
    const auto done = static_cast<std::size_t>(taken);
    check(done <= size, "no more is taken than there is");
    if (done < size) {
      pending_.erase(0, done);
      writes_ = rig_.owner.writes + 1;
      rig_.filter->write(pending_);
    }
  }

  void set_reading(bool is_on) {
    if (rig_.filter) {
      is_on ? rig_.filter->start_reading() : rig_.filter->stop_reading();
    }
  }

  void end(std::uint32_t choice) {
    switch (choice % 4) {
      case 0:
        if (rig_.client.is_open() && !rig_.has_client_failed) {
          rig_.client.close();
          has_client_closed_ = true;
          is_ended_ = true;
        }
        break;
      case 1:
        if (rig_.filter && rig_.wire->is_reading) {
          is_ended_ = true;
          rig_.wire->end(choice % 8 == 1);
        }
        break;
      case 2:
        if (rig_.filter && !is_writing() && !is_writing_ended_) {
          is_writing_ended_ = true;
          rig_.filter->shut_down();
        }
        break;
      default:
        break;
    }
  }

  [[nodiscard]] bool is_writing() const { return rig_.owner.writes < writes_; }

  void check_what_is_known() {
    check(std::string_view(said_).starts_with(rig_.owner.got), "the front of what was said");
    rig_.to_client();
    check(std::string_view(written_).starts_with(rig_.client_got), "the front of what was written");
    if (rig_.filter && rig_.client.is_open() && !rig_.has_client_failed && !is_early_) {
      const std::size_t unwritten = is_writing() ? rig_.filter->unwritten_bytes() : 0;
      check(unwritten <= pending_.size(), "no more is unwritten than there was");
      check(written_.size() - unwritten <= rig_.client_got.size(),
            "what counts as written, the client can read");
    }
  }

  TlsRig rig_;
  std::string said_;     // by the client
  std::string written_;  // by the owner, in all
  std::string pending_;  // of the write under way
  int writes_ = 0;       // of owner.writes, when nothing is being written
  bool is_early_ = false;
  bool is_spoilt_ = false;
  bool is_ended_ = false;
  bool has_client_closed_ = false;
  bool is_writing_ended_ = false;
};

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tribar::fuzz::Bytes input(tribar::fuzz::as_text(data, size));
  const std::uint32_t choice = input.take();
  const tribar::test::ClientContext client;
  if (choice % 2 == 1) {
    SSL_CTX_set_max_proto_version(client.raw.get(), TLS1_2_VERSION);
  }
  tribar::Run run(choice % 2 == 1, client);
  if (choice % 4 < 2) {
    // Behind the handshake.
    tribar::fuzz::Bytes begin("\x02\xff\x02\xff\x02\xff");
    while (!begin.is_empty()) {
      run.take(begin);
    }
  }
  while (!input.is_empty()) {
    run.take(input);
  }
  run.finish();
  return 0;
}
