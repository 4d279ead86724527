// SPDX-License-Identifier: MIT
//
// See session.h.
#include "journal/postgres/session.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "journal/postgres/row_cutter.h"

namespace tribar {
namespace {

/// libpq's texts have several lines, and a last line end.
std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) {
    text.replace(at, 1, "; ");
  }
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

std::string field_of(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string() : one_line(text);
}

}  // namespace

std::uint64_t number_of(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) {
    number = number << 8 | static_cast<unsigned char>(c);
  }
  return number;
}

std::string_view Rows::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

Session::Session(PGconn* connection) : connection_(connection), process_(PQbackendPID(connection)) {
  PQsetnonblocking(connection, 1);
  PQsetNoticeReceiver(connection, &Session::note, this);
}

Result<std::unique_ptr<Session>, Failure> Session::open(const Target& target) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : target.parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  std::unique_ptr<PGconn, Finish> connection(PQconnectdbParams(keywords.data(), values.data(), 1));
  if (!connection || PQstatus(connection.get()) != CONNECTION_OK) {
    return Failure{connection ? one_line(PQerrorMessage(connection.get())) : "no memory", {}, true};
  }
  return std::unique_ptr<Session>(new Session(connection.release()));
}

/// What the server says beside its answers.
void Session::note(void* self, const PGresult* notice) {
  if (field_of(notice, PG_DIAG_SEVERITY_NONLOCALIZED) == "WARNING") {
    static_cast<Session*>(self)->warning_ = field_of(notice, PG_DIAG_MESSAGE_PRIMARY);
  }
}

/// From now on nothing is known of what was sent.
Failure Session::broken(std::string text) {
  is_usable_ = false;
  return {std::move(text), {}, false};
}

/// An ERROR undoes the transaction; what ends the connection or the server says nothing of that.
Failure Session::failure_of(const Rows& rows) {
  const std::string severity = field_of(rows.get(), PG_DIAG_SEVERITY_NONLOCALIZED);
  std::string state = field_of(rows.get(), PG_DIAG_SQLSTATE);
  if (severity != "ERROR") {
    std::string text = field_of(rows.get(), PG_DIAG_MESSAGE_PRIMARY);
    return broken(text.empty() ? one_line(PQerrorMessage(connection_.get())) : std::move(text));
  }
  return {field_of(rows.get(), PG_DIAG_MESSAGE_PRIMARY), std::move(state), true};
}

/// Waits, and writes meanwhile, until a result can be taken.
std::optional<Failure> Session::wait(Clock::time_point deadline) {
  while (true) {
    const int unsent = PQflush(connection_.get());
    if (unsent < 0) {
      // What the server said last may be there still.
      if (PQconsumeInput(connection_.get()) == 0 || PQisBusy(connection_.get()) != 0) {
        return broken(one_line(PQerrorMessage(connection_.get())));
      }
      return std::nullopt;
    }
    if (PQisBusy(connection_.get()) == 0) {
      return std::nullopt;
    }
    if (auto failure = await_socket(unsent > 0, deadline)) {
      return failure;
    }
  }
}

/// Waits until the connection can be read, or written to, and reads what is there.
std::optional<Failure> Session::await_socket(bool wants_to_write, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0) {
    return broken("the database does not answer");
  }
  pollfd socket{PQsocket(connection_.get()),
                static_cast<short>(POLLIN | (wants_to_write ? POLLOUT : 0)), 0};
  const int ready = poll(&socket, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
  if (ready < 0 && errno != EINTR) {
    return broken(std::strerror(errno));
  }
  if (ready > 0 && (socket.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_.get()) == 0) {
    return broken(one_line(PQerrorMessage(connection_.get())));
  }
  return std::nullopt;
}

Result<Rows, Failure> Session::next(Clock::time_point deadline) {
  if (auto failure = wait(deadline)) {
    return *std::move(failure);
  }
  return Rows(PQgetResult(connection_.get()));
}

bool Session::send(std::span<const Call> calls) {
  PGconn* const connection = connection_.get();
  preparing_.clear();
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const Call& call : calls) {
    const bool is_prepared =
        prepared_.contains(call.statement) ||
        std::find(preparing_.begin(), preparing_.end(), call.statement) != preparing_.end();
    if (!is_prepared) {
      if (PQsendPrepare(connection, call.statement->name, call.statement->sql, 0, nullptr) == 0) {
        return false;
      }
      preparing_.push_back(call.statement);
    }
  }
  for (const Call& call : calls) {
    values.clear();
    lengths.clear();
    for (const std::string& value : call.parameters.values()) {
      values.push_back(value.data());
      lengths.push_back(static_cast<int>(value.size()));
    }
    formats.assign(values.size(), 1);
    if (PQsendQueryPrepared(connection, call.statement->name, static_cast<int>(values.size()),
                            values.data(), lengths.data(), formats.data(), 1) == 0) {
      return false;
    }
  }
  return PQpipelineSync(connection) != 0;
}

Result<std::vector<Rows>, Failure> Session::run(std::span<const Call> calls,
                                                Clock::time_point deadline) {
  warning_.clear();
  if (PQenterPipelineMode(connection_.get()) == 0 || !send(calls)) {
    return broken(one_line(PQerrorMessage(connection_.get())));
  }
  auto found = collect(calls, deadline);
  if (is_usable_ && PQexitPipelineMode(connection_.get()) == 0) {
    return broken(one_line(PQerrorMessage(connection_.get())));
  }
  if (found && !warning_.empty()) {
    return broken(warning_);
  }
  return found;
}

/// Takes the results of a pipeline up to its end.
Result<std::vector<Rows>, Failure> Session::collect(std::span<const Call> calls,
                                                    Clock::time_point deadline) {
  std::vector<Rows> found;
  std::optional<Failure> failure;
  std::size_t ended = 0;  // statements, those that prepare included
  while (true) {
    auto result = next(deadline);
    if (!result) {
      return result.error();
    }
    Rows& rows = result.value();
    if (rows.get() == nullptr) {
      ++ended;
      if (ended > preparing_.size() + calls.size()) {
        return broken("the database ended its answer too early");
      }
      continue;
    }
    switch (PQresultStatus(rows.get())) {
      case PGRES_PIPELINE_SYNC:
        if (failure) {
          return *std::move(failure);
        }
        return found;
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        if (ended < preparing_.size()) {
          prepared_.insert(preparing_[ended]);
        } else {
          found.push_back(std::move(rows));
        }
        break;
      case PGRES_PIPELINE_ABORTED:
        break;
      default:
        if (!failure) {
          failure = failure_of(rows);
          if (!failure->is_certain) {
            return *std::move(failure);
          }
          failure->statement = ended < preparing_.size() ? 0 : ended - preparing_.size();
        }
    }
  }
}

/// Takes what is left of the results of a query.
std::optional<Failure> Session::drain(std::optional<Failure> first, Clock::time_point deadline) {
  while (true) {
    auto result = next(deadline);
    if (!result) {
      return first ? std::move(first) : std::optional(result.error());
    }
    if (result.value().get() == nullptr) {
      return first;
    }
    const ExecStatusType status = PQresultStatus(result.value().get());
    if (!first && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      first = failure_of(result.value());
      if (!first->is_certain) {
        return first;
      }
    }
  }
}

std::optional<Failure> Session::execute(const std::string& sql, Clock::time_point deadline) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
    return broken(one_line(PQerrorMessage(connection_.get())));
  }
  return drain(std::nullopt, deadline);
}

std::optional<Failure> Session::copy(
    const char* select, std::size_t columns,
    const std::function<void(std::span<const std::string_view>)>& take,
    std::chrono::milliseconds patience) {
  const std::string sql = fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", select);
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
    return broken(one_line(PQerrorMessage(connection_.get())));
  }
  const auto begun = next(Clock::now() + patience);
  if (!begun) {
    return begun.error();
  }
  if (PQresultStatus(begun.value().get()) != PGRES_COPY_OUT) {
    auto failure = failure_of(begun.value());
    return failure.is_certain ? drain(std::move(failure), Clock::now() + patience)
                              : std::optional(std::move(failure));
  }
  if (auto failure = copy_rows(columns, take, patience)) {
    return failure;
  }
  return drain(std::nullopt, Clock::now() + patience);
}

/// Up to the end of what is copied.
std::optional<Failure> Session::copy_rows(
    std::size_t columns, const std::function<void(std::span<const std::string_view>)>& take,
    std::chrono::milliseconds patience) {
  struct Free {
    void operator()(char* bytes) const { PQfreemem(bytes); }
  };
  RowCutter cutter(columns);
  std::vector<std::string_view> row;
  while (true) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection_.get(), &bytes, 1);
    const std::unique_ptr<char, Free> owned(bytes);
    if (size == -1) {
      return std::nullopt;
    }
    if (size < 0) {
      return broken(one_line(PQerrorMessage(connection_.get())));
    }
    if (size == 0) {
      if (auto failure = await_socket(false, Clock::now() + patience)) {
        return failure;
      }
      continue;
    }
    cutter.feed({bytes, static_cast<std::size_t>(size)});
    while (cutter.next(row)) {
      take(row);
    }
    if (!cutter.is_good()) {
      return broken("the database sent rows of a form that is not known");
    }
  }
}

}  // namespace tribar
