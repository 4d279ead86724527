// SPDX-License-Identifier: MIT
//
// See http.h.
#include "operate/http.h"

#include <fmt/format.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "uv/listener.h"
#include "uv/socket_file.h"

namespace tribar {
namespace {

/// What a stranger who reaches the port can take: connections, each with its memory and time.
constexpr unsigned kMostConnections = 16;
constexpr std::size_t kConnectionBytes = std::size_t{16} * 1024;
constexpr unsigned kConnectionSeconds = 10;
constexpr int kBacklog = 64;

MHD_Result send(MHD_Connection* connection, const HttpAnswer& answer) {
  // The library copies it.
  MHD_Response* response = MHD_create_response_from_buffer(
      answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) {
    return MHD_NO;
  }
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str());
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  }
  const MHD_Result result = MHD_queue_response(connection, answer.status, response);
  MHD_destroy_response(response);
  return result;
}

}  // namespace

struct HttpServer::Parts {
  Answer answer;
  std::string address;
  std::optional<uv::SocketFile> file;
  uv::Socket socket;
  MHD_Daemon* daemon = nullptr;

  ~Parts() {
    if (daemon != nullptr) {
      MHD_stop_daemon(daemon);
    }
  }

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* path,
                               const char* method, const char*, const char*, std::size_t* upload,
                               void** state) noexcept {
    static char begun;
    if (*state == nullptr) {
      *state = &begun;  // headers are here; a body would follow
      return MHD_YES;
    }
    if (*upload > 0) {
      *upload = 0;  // ignored
      return MHD_YES;
    }
    if (std::strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        std::strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
      return send(connection, {MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8",
                               "only GET and HEAD are answered\n"});
    }
    return send(connection, static_cast<Parts*>(self)->answer(path));
  }

  /// Opens the socket; throws what uv throws.
  void listen(const ListenerSettings& where) {
    if (!where.socket.empty()) {
      file.emplace(where.socket, kBacklog);
      socket.fd = dup(file->fd());
      address = "unix:" + where.socket;
      return;
    }
    const uv::Address wanted = uv::resolve(where.host, where.port).front();
    socket.fd = uv::open_socket(wanted.storage.ss_family);
    const int on = 1;
    if (socket.fd < 0 || setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(socket.fd, wanted.raw(), uv::size_of(wanted)) != 0 ||
        ::listen(socket.fd, kBacklog) != 0) {
      throw std::runtime_error(std::strerror(errno));
    }
    uv::Address bound;
    socklen_t size = sizeof bound.storage;
    getsockname(socket.fd, reinterpret_cast<sockaddr*>(&bound.storage), &size);
    address = uv::address_text(bound.raw());
  }
};

Result<std::unique_ptr<HttpServer>, std::string> HttpServer::start(const ListenerSettings& where,
                                                                   Answer answer) {
  auto parts = std::make_unique<Parts>();
  parts->answer = std::move(answer);
  const std::string place =
      where.socket.empty() ? fmt::format("{}:{}", where.host, where.port) : "unix:" + where.socket;
  try {
    parts->listen(where);
  } catch (const std::exception& error) {
    return fmt::format("metrics: cannot listen on {}: {}", place, error.what());
  }
  parts->daemon = MHD_start_daemon(
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ITC, 0, nullptr, nullptr,
      &Parts::on_request, parts.get(), MHD_OPTION_LISTEN_SOCKET, parts->socket.fd,
      MHD_OPTION_CONNECTION_LIMIT, kMostConnections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      kConnectionBytes, MHD_OPTION_CONNECTION_TIMEOUT, kConnectionSeconds, MHD_OPTION_END);
  if (parts->daemon == nullptr) {
    return fmt::format("metrics: cannot start the HTTP server on {}: {}", place,
                       std::strerror(errno));
  }
  parts->socket.fd = -1;  // the library closes it
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpServer::~HttpServer() = default;
const std::string& HttpServer::address() const { return parts_->address; }
bool has_http() { return true; }

}  // namespace tribar
