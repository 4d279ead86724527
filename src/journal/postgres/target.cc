// SPDX-License-Identifier: MIT
//
// See target.h.
#include "journal/postgres/target.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace tribar {
namespace {

/// What is added unless it is given.
constexpr std::pair<const char*, const char*> kAdded[] = {
    {"connect_timeout", "2"},      // seconds, for each host
    {"tcp_user_timeout", "3000"},  // ms, in which what was sent is acknowledged
    {"keepalives_idle", "1"},      // seconds, and so on: while we wait for an answer
    {"keepalives_interval", "1"},
    {"keepalives_count", "2"},
    {"fallback_application_name", "tribard"},
};
/// What may be shown.
constexpr const char* kShown[] = {"service", "host", "hostaddr", "port", "dbname", "user"};
/// A folder that is not there: libpq reads the file of the service, and connects to nothing.
constexpr const char* kNowhere = "/nonexistent/tribar";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;
using Values = std::map<std::string, std::string, std::less<>>;

/// Adds the values in `options` that `values` has not.
void add(Values& values, const Options& options) {
  for (const PQconninfoOption* each = options.get(); each != nullptr && each->keyword != nullptr;
       ++each) {
    if (each->val != nullptr && *each->val != '\0') {
      values.emplace(each->keyword, each->val);
    }
  }
}

void add_environment(Values& values, const Options& options) {
  for (const PQconninfoOption* each = options.get(); each != nullptr && each->keyword != nullptr;
       ++each) {
    const char* value = each->envvar != nullptr ? std::getenv(each->envvar) : nullptr;
    if (value != nullptr && *value != '\0') {
      values.emplace(each->keyword, value);
    }
  }
}

/// Adds what the file of the service says; why not, if that cannot be read.
std::optional<std::string> add_service(Values& values, const std::string& connection) {
  const char* const keywords[] = {"dbname", "host", nullptr};
  const char* const texts[] = {connection.c_str(), kNowhere, nullptr};
  const std::unique_ptr<PGconn, decltype(&PQfinish)> attempt(
      PQconnectStartParams(keywords, texts, 1), &PQfinish);
  const std::string why = attempt ? PQerrorMessage(attempt.get()) : "no memory";
  if (why.find("service") != std::string::npos) {
    return why.substr(0, why.find('\n'));
  }
  Values found;
  add(found, Options(PQconninfo(attempt.get())));
  found.erase("host");
  values.merge(found);
  return std::nullopt;
}

}  // namespace

Result<Target, std::string> read_target(const std::string& connection) {
  char* text = nullptr;
  const Options options(PQconninfoParse(connection.c_str(), &text));
  PQfreemem(text);  // it may quote what is a part of the password
  if (!options) {
    return std::string(
        "storage.connection is not a connection string of libpq: either keyword=value pairs such "
        "as 'host=db.example dbname=tribar user=tribar', values with spaces in single quotes, or "
        "a URI such as postgresql://tribar@db.example/tribar");
  }
  Values values;
  add(values, options);
  Target target;
  for (const char* keyword : kShown) {
    if (const auto value = values.find(keyword); value != values.end()) {
      target.name += fmt::format("{}{}={}", target.name.empty() ? "PostgreSQL (" : " ", keyword,
                                 value->second);
    }
  }
  target.name += target.name.empty() ? "PostgreSQL" : ")";
  add_environment(values, options);
  if (values.contains("service")) {
    if (auto why = add_service(values, connection)) {
      return *std::move(why);
    }
  }
  for (const auto& [keyword, value] : kAdded) {
    if (!values.contains(keyword)) {
      target.parameters.emplace_back(keyword, value);
    }
  }
  const auto has_several = [&values](std::string_view keyword) {
    const auto value = values.find(keyword);
    return value != values.end() && value->second.find(',') != std::string::npos;
  };
  const auto wanted = values.find("target_session_attrs");
  if ((has_several("host") || has_several("hostaddr")) &&
      (wanted == values.end() || wanted->second == "any")) {
    target.parameters.emplace_back("target_session_attrs", "read-write");
  }
  target.parameters.emplace_back("dbname", connection);
  // Behind it, since it is no matter of the operator's.
  target.parameters.emplace_back("client_encoding", "UTF8");
  return target;
}

}  // namespace tribar
