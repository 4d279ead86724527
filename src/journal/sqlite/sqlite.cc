// SPDX-License-Identifier: MIT
//
// See sqlite.h.
#include "journal/sqlite/sqlite.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "journal/contents.h"
#include "journal/sqlite/sqlite_database.h"
#include "journal/sqlite/sqlite_reader.h"
#include "journal/sqlite/sqlite_schema.h"
#include "journal/sqlite/sqlite_start_id.h"
#include "journal/sqlite/sqlite_writer.h"
#include "journal/sqlite/store_file.h"

namespace tribar {
namespace {

/// When SQLite starts the write-ahead log again, it truncates the file to this size.
constexpr int kWalBytes = 64 << 20;

StoreOpenError unusable(const std::string& path, sqlite3* database) {
  const int code = sqlite3_errcode(database) & 0xff;  // the primary code, without the extended bits
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return damaged(path, sqlite3_errmsg(database));
  }
  return {fmt::format("{}: cannot be used: {}", path, sqlite3_errmsg(database)), true};
}

std::string foreign_log(const std::string& place) {
  return fmt::format("{0}-wal belongs to another state of the database", place);
}

/// Turns an empty file into an empty store.
std::optional<StoreOpenError> create(StoreFile& file) {
  const auto draft = file.begin_draft();
  if (!draft) {
    return draft.error();
  }
  Database database;
  if (auto error = open_database(draft.value(), SQLITE_OPEN_READWRITE, database)) {
    return error;
  }
  if (!fill(database.get())) {
    return StoreOpenError{
        fmt::format("{}: cannot be created: {}", file.place(), sqlite3_errmsg(database.get())),
        true};
  }
  database.reset();
  return file.take_draft();
}

class SqliteStore final : public Store {
 public:
  SqliteStore(std::string path, StoreOptions options)
      : path_(std::move(path)), options_(std::move(options)) {}

  const std::string& name() const override { return path_; }
  std::optional<StoreOpenError> find_obstacle() const override {
    return StoreFile::find_obstacle(path_);
  }
  std::optional<StoreOpenError> open() override {
    auto error = try_open();
    if (error) {
      close();
    }
    return error;
  }
  Result<StoreWarnings, StoreOpenError> load(const LoadHandlers& handlers) override {
    auto warnings = try_load(handlers);
    if (!warnings) {
      close();
    }
    return warnings;
  }
  std::optional<StoreError> commit(std::span<const std::span<const Record>> groups) override {
    return writer_->commit(groups);
  }
  std::optional<StoreError> check() override { return writer_->check(); }
  void close() override {
    writer_.reset();
    database_.reset();
    file_.reset();
  }
  Result<StoreReport, StoreOpenError> verify() const override;

 private:
  [[nodiscard]] std::optional<StoreOpenError> try_open();
  [[nodiscard]] Result<StoreWarnings, StoreOpenError> try_load(const LoadHandlers& handlers);
  [[nodiscard]] std::optional<StoreOpenError> bring_up_to_date();

  std::string path_;
  StoreOptions options_;
  // Set from open() to close(). Each is closed before those declared above it.
  std::optional<StoreFile> file_;
  Database database_;
  std::uint32_t version_ = 0;           // of the format, as it was found
  std::optional<SqliteWriter> writer_;  // from load() on
};

std::optional<StoreOpenError> SqliteStore::try_open() {
  auto file = StoreFile::lock(path_);
  if (!file) {
    return file.error();
  }
  file_.emplace(std::move(file.value()));
  bool is_new = false;
  if (auto error = check_header(path_, *file_, is_new)) {
    return error;
  }
  if (is_new) {
    if (auto error = create(*file_)) {
      return error;
    }
  }
  const std::string& place = file_->place();
  if (auto error = open_database(place, SQLITE_OPEN_READWRITE, database_)) {
    return error;
  }
  // A file that is refused below must stay unchanged, so closing must not write either.
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (!execute(database_.get(), fmt::format("PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; "
                                            "PRAGMA journal_size_limit={}",
                                            kWalBytes))) {
    return unusable(path_, database_.get());
  }
  if (has_foreign_log(*file_, database_.get())) {
    return StoreOpenError{
        fmt::format("{0}: {1}; if the file is a backup that you want to use, remove {2}-wal and "
                    "{2}-shm; otherwise restore the database that was there",
                    path_, foreign_log(place), place),
        true};
  }
  const auto version = check_version(path_, database_.get());
  if (!version) {
    return version.error();
  }
  version_ = version.value();
  if (!has_our_schema(database_.get(), version_)) {
    return damaged(path_, "its schema is not that of a store");
  }
  const auto findings = integrity_findings(database_.get(), "PRAGMA quick_check(3)");
  if (!findings.empty()) {
    return damaged(path_, findings.front());
  }
  return std::nullopt;
}

Result<StoreWarnings, StoreOpenError> SqliteStore::try_load(const LoadHandlers& handlers) {
  auto loaded = load_contents(
      [this](const Walker& walker) { return walk(database_.get(), version_, walker); }, handlers,
      path_);
  if (!loaded) {
    return damaged(path_, loaded.error());
  }
  if (version_ < kFormatVersion) {
    if (auto error = bring_up_to_date()) {
      return *std::move(error);
    }
  }
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  const char* sync = options_.sync == Sync::Full ? "FULL" : "NORMAL";
  if (begin_start(database_.get()) ||
      !execute(database_.get(), fmt::format("PRAGMA synchronous={}", sync))) {
    return unusable(path_, database_.get());
  }
  writer_.emplace(database_.get(), *file_, options_, loaded.value().last_account,
                  loaded.value().below);
  if (!writer_->is_ready()) {
    return damaged(path_, "its tables cannot be used");
  }
  return std::move(loaded.value().warnings);
}

/// To this program's format, as soon as all that is stored was read and is good. Before
/// begin_start(), which changes the file: when this fails it is as it was.
std::optional<StoreOpenError> SqliteStore::bring_up_to_date() {
  if (const auto why = migrate(database_.get(), version_)) {
    return StoreOpenError{
        fmt::format("{}: cannot be brought from format version {} to {}, and is as it was: {}",
                    path_, version_, kFormatVersion, *why),
        true};
  }
  options_.warn(
      fmt::format("{}: was brought from format version {} to {}: the tribard that wrote "
                  "it cannot use it any more",
                  path_, std::exchange(version_, kFormatVersion), kFormatVersion));
  return std::nullopt;
}

Result<StoreReport, StoreOpenError> SqliteStore::verify() const {
  return verify_sqlite_store(path_, {});
}

}  // namespace

Result<std::unique_ptr<Store>, StoreOpenError> make_sqlite_store(const std::string& path,
                                                                 StoreOptions options) {
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(path, std::move(options)));
}

Result<StoreReport, StoreOpenError> verify_sqlite_store(const std::string& path,
                                                        const std::stop_token& stop) {
  const StoreOpenError given_up{path + ": was not verified: interrupted", true};
  const auto file = StoreFile::look_at(path);
  if (!file) {
    return file.error();
  }
  bool is_new = false;
  if (auto error = check_header(path, file.value(), is_new)) {
    return *error;
  }
  if (is_new) {
    return StoreOpenError{fmt::format("{}: there is no store", path), false};
  }
  const std::string& place = file.value().place();
  Database database;
  if (auto error = open_database(place, SQLITE_OPEN_READONLY, database)) {
    return *error;
  }
  const Interruption interruption(database.get(), stop);
  StoreReport report;
  // A transaction, so that everything below sees one state, even while a server uses the store.
  execute(database.get(), "BEGIN");
  if (has_foreign_log(file.value(), database.get())) {
    report.damage.push_back(foreign_log(place));
  }
  for (std::string& finding : integrity_findings(database.get(), "PRAGMA integrity_check(100)")) {
    report.damage.push_back(std::move(finding));
  }
  if (stop.stop_requested()) {
    return given_up;  // what it found is that it was interrupted
  }
  const auto version = check_version(path, database.get());
  if (!version) {
    if (!version.error().is_io) {
      return version.error();
    }
    report.damage.push_back(version.error().text);
    return report;
  }
  if (!has_our_schema(database.get(), version.value())) {
    report.damage.emplace_back("its schema is not that of a store");
  }
  verify_contents(
      [&](const Walker& walker) { return walk(database.get(), version.value(), walker); }, report);
  if (stop.stop_requested()) {
    return given_up;
  }
  return report;
}

}  // namespace tribar
