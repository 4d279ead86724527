// SPDX-License-Identifier: MIT
//
// Answers HTTP requests on a thread of its own; the only header of libmicrohttpd's user. For few
// and short requests of programs that watch the server: nothing here is on the path of a message.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace tribar {

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class HttpServer {
 public:
  /// Answers a GET of `path`, which begins with a slash and has no query. Called on the server's
  /// thread, one call at a time; must not throw.
  using Answer = std::function<HttpAnswer(std::string_view path)>;

  /// Listens at `where`, of which only host and port, or the socket, count, and answers from now
  /// on. Or why that cannot be: also in a build without libmicrohttpd.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>, std::string> start(
      const ListenerSettings& where, Answer answer);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Ends the thread, after the answer that it is giving.
  ~HttpServer();

  /// Where it listens: HOST:PORT, or unix:PATH.
  [[nodiscard]] const std::string& address() const;

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Whether this build has libmicrohttpd.
[[nodiscard]] bool has_http();

}  // namespace tribar
