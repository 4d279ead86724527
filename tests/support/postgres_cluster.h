// SPDX-License-Identifier: MIT
//
// A PostgreSQL server of the tests' own: its files are in a temporary folder, it listens at a Unix
// socket there and nowhere else, and it ends with this process. It runs as the user `postgres` when
// the tests run as root, which PostgreSQL refuses to do. One thread.
#pragma once

#include <libpq-fe.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace tribar::test {

class PostgresCluster {
 public:
  /// Why there can be none on this machine; empty: there can.
  [[nodiscard]] static std::string obstacle();

  /// The one of this process, started when it is first asked for. Its owner needs no password; the
  /// role `guest` has the password "open sesame" and must say it; the role `poor` has no rights.
  /// It never waits for its disk.
  [[nodiscard]] static PostgresCluster& shared();

  PostgresCluster();
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  /// The folder of its socket, whose port is kPort.
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  static constexpr int kPort = 5432;
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Makes an empty database; returns its name.
  [[nodiscard]] std::string make_database();
  /// A connection string, as its owner.
  [[nodiscard]] std::string connection(const std::string& database) const;

  /// Runs SQL; returns the first column of the first row, as text. Throws what the server says.
  std::string ask(const std::string& database, const std::string& sql) const;
  /// Changes a setting of the whole server; an empty value resets it, to none.
  void set(const std::string& name, const std::string& value) const;

  void start();
  /// By SIGQUIT, as a crash of the server.
  void crash();

 private:
  [[nodiscard]] pid_t spawn(const std::vector<std::string>& command) const;

  TemporaryFolder folder_{TemporaryFolder::On::Memory};
  pid_t pid_ = -1;
  int databases_ = 0;
};

/// A connection that a test uses itself.
struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using RawConnection = std::unique_ptr<PGconn, FinishConnection>;

}  // namespace tribar::test
