// SPDX-License-Identifier: MIT
//
// A connection to a PostgreSQL server. Every wait has a deadline, but for that of connecting, which
// libpq bounds by `connect_timeout` for each host. One thread at a time.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/postgres/parameters.h"
#include "journal/postgres/target.h"

namespace tribar {

/// A bigint or an integer in PostgreSQL's binary form.
[[nodiscard]] std::uint64_t number_of(std::string_view bytes);

/// What a statement returned. Numbers and bytes are read from PostgreSQL's binary form.
class Rows {
 public:
  Rows() = default;
  explicit Rows(PGresult* result) : result_(result) {}
  [[nodiscard]] PGresult* get() const { return result_.get(); }
  [[nodiscard]] int count() const { return PQntuples(result_.get()); }
  [[nodiscard]] std::uint64_t number(int row, int column) const {
    return number_of(bytes(row, column));
  }
  [[nodiscard]] bool boolean(int row, int column) const { return number(row, column) != 0; }
  /// A bytea or a text; valid as long as this is.
  [[nodiscard]] std::string_view bytes(int row, int column) const;

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

/// A statement that is prepared when it is first used. Of a kind that lives for ever.
struct Prepared {
  const char* name;
  const char* sql;
};

struct Call {
  const Prepared* statement;
  Parameters parameters;
};

/// Why something could not be done, in words of one line.
struct Failure {
  std::string text;
  std::string state;          // SQLSTATE; empty: the connection, or the time, was over
  bool is_certain = false;    // nothing of it was stored
  std::size_t statement = 0;  // which one of a pipeline failed, if it is certain
};

class Session {
 public:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] static Result<std::unique_ptr<Session>, Failure> open(const Target& target);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// False: this one is of no use any more. Any failure that is not certain makes it so.
  [[nodiscard]] bool is_usable() const { return is_usable_; }
  /// Of the server's process.
  [[nodiscard]] int process() const { return process_; }
  /// Runs all `calls` in one transaction, sent at once; returns what each returned. When that is
  /// there, the transaction is stored as surely as the server's settings say. A warning counts as
  /// an uncertain failure: the server may have given up waiting for its standby.
  [[nodiscard]] Result<std::vector<Rows>, Failure> run(std::span<const Call> calls,
                                                       Clock::time_point deadline);

  /// Runs statements that return nothing; without BEGIN in one transaction.
  [[nodiscard]] std::optional<Failure> execute(const std::string& sql, Clock::time_point deadline);

  /// Copies what `select` selects: calls `take` with each row, one by one, as the bytes of its
  /// `columns` columns, none of which may be null. Every row may take `patience`.
  [[nodiscard]] std::optional<Failure> copy(
      const char* select, std::size_t columns,
      const std::function<void(std::span<const std::string_view>)>& take,
      std::chrono::milliseconds patience);

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  explicit Session(PGconn* connection);
  static void note(void* self, const PGresult* notice);
  [[nodiscard]] std::optional<Failure> wait(Clock::time_point deadline);
  [[nodiscard]] std::optional<Failure> await_socket(bool wants_to_write,
                                                    Clock::time_point deadline);
  [[nodiscard]] std::optional<Failure> copy_rows(
      std::size_t columns, const std::function<void(std::span<const std::string_view>)>& take,
      std::chrono::milliseconds patience);
  [[nodiscard]] Result<Rows, Failure> next(Clock::time_point deadline);
  [[nodiscard]] bool send(std::span<const Call> calls);
  [[nodiscard]] Result<std::vector<Rows>, Failure> collect(std::span<const Call> calls,
                                                           Clock::time_point deadline);
  [[nodiscard]] std::optional<Failure> drain(std::optional<Failure> first,
                                             Clock::time_point deadline);
  [[nodiscard]] Failure broken(std::string text);
  [[nodiscard]] Failure failure_of(const Rows& rows);

  std::unique_ptr<PGconn, Finish> connection_;
  bool is_usable_ = true;
  int process_ = 0;
  std::set<const Prepared*> prepared_;
  std::vector<const Prepared*> preparing_;  // of the pipeline that is sent
  std::string warning_;                     // the last one
};

}  // namespace tribar
