// SPDX-License-Identifier: MIT
//
// What TLS costs the server: a handshake, full and resumed, with a P-256 key; a message of 126
// bytes that comes in a record of its own, or 16 together, and goes out in one; and the memory of a
// connection at rest. One thread, without sockets; the client's part is not counted.
//
//   tls_bench [ROUNDS]
//
// Prints microseconds of the server's, the mean of ROUNDS (1000), and KiB.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/tls_rig.h"

namespace tribar {
namespace {

using Clock = std::chrono::steady_clock;
using test::ClientContext;
using test::TlsRig;

/// Time and memory that go by in one part of what is done.
class Meter {
 public:
  template <typename Do>
  void count(Do part) {
    const std::size_t memory = mallinfo2().uordblks;
    const Clock::time_point begin = Clock::now();
    part();
    spent_ += Clock::now() - begin;
    memory_ += static_cast<std::ptrdiff_t>(mallinfo2().uordblks - memory);
  }
  [[nodiscard]] double microseconds() const {
    return std::chrono::duration<double, std::micro>(spent_).count();
  }
  [[nodiscard]] std::ptrdiff_t bytes() const { return memory_; }

 private:
  Clock::duration spent_{};
  std::ptrdiff_t memory_ = 0;
};

/// The handshake of a rig, as far as it is the server's.
void shake_hands(TlsRig& rig, Meter& meter) {
  rig.now_ms += 1;
  while (!rig.client.is_open() || !rig.client.output().is_empty()) {
    const std::string said(rig.client.output().view());
    rig.client.output().clear(0);
    rig.wire->taken.reserve(65536);
    meter.count([&] { rig.wire->bring(said); });
    rig.to_client();
  }
}

struct Resumer {
  Resumer() {
    SSL_CTX_set_session_cache_mode(context.raw.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context.raw.get(), this);
    SSL_CTX_sess_set_new_cb(context.raw.get(), [](SSL* ssl, SSL_SESSION* made) {
      auto* self = static_cast<Resumer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      SSL_SESSION_free(std::exchange(self->session, made));
      return 1;
    });
  }
  Resumer(const Resumer&) = delete;
  Resumer& operator=(const Resumer&) = delete;
  ~Resumer() { SSL_SESSION_free(session); }

  ClientContext context;
  SSL_SESSION* session = nullptr;
};

void measure(int rounds) {
  test::TlsFiles files;
  const auto server = test::loaded(files.settings());
  const Resumer client;
  for (const bool is_resumed : {false, true}) {
    Meter meter;
    for (int i = 0; i < rounds; ++i) {
      TlsRig rig(server, client.context, is_resumed ? client.session : nullptr);
      shake_hands(rig, meter);
      test::must((SSL_session_reused(rig.client.ssl()) == 1) == is_resumed, "a resumption");
      rig.client.close();
    }
    fmt::print("{} handshake: {:.0f} us\n", is_resumed ? "resumed" : "full",
               meter.microseconds() / rounds);
  }
  {
    Meter meter;
    std::vector<std::unique_ptr<TlsRig>> rigs;
    for (int i = 0; i < rounds; ++i) {
      rigs.push_back(std::make_unique<TlsRig>(server, client.context));
      shake_hands(*rigs.back(), meter);
    }
    fmt::print("grows by the handshake: {:.1f} KiB a connection\n",
               static_cast<double>(meter.bytes()) / rounds / 1024);
    Meter end;
    for (const auto& rig : rigs) {
      end.count([&] { rig->filter.reset(); });
    }
    fmt::print("of the server's: {:.1f} KiB a connection\n",
               -static_cast<double>(end.bytes()) / rounds / 1024);
  }
  TlsRig rig(server, client.context);
  Meter ignored;
  shake_hands(rig, ignored);
  const std::string message(126, 'm');
  for (const int together : {1, 16}) {
    Meter in;
    Meter out;
    for (int i = 0; i < rounds * 10; ++i) {
      std::string text;
      for (int k = 0; k < together; ++k) {
        text += message;
      }
      rig.send(text);
      const std::string said(rig.client.output().view());
      rig.client.output().clear(0);
      in.count([&] { rig.wire->bring(said); });
      out.count([&] { static_cast<void>(rig.filter->try_write(text, {})); });
      rig.to_client();
      rig.wire->taken.clear();
      rig.seen = 0;
      rig.owner.got.clear();
    }
    const double messages = 10.0 * rounds * together;
    fmt::print("a message, {} in a record: {:.2f} us in, {:.2f} us out\n", together,
               in.microseconds() / messages, out.microseconds() / messages);
  }
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  tribar::measure(argc > 1 ? std::atoi(argv[1]) : 1000);
  return 0;
}
