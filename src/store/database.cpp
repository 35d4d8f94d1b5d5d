#include "store/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace bw {
namespace {

constexpr int kBusyMilliseconds = 10'000;

// SQLite would make the file with the mode that the umask gives. A file that is there is left to SQLite: closing it
// here would drop the locks that another connection of this process holds on it.
void make_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
  if (file < 0 && errno != EEXIST)
    throw Error(InputClass::Path, fmt::format("cannot make the store: {}", std::strerror(errno)), path.string(),
                "BITWRIGHT_STORE names another place for it");
}

}  // namespace

Database::Database(const std::filesystem::path& path) : path_(path) {
  make_file(path);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);  // the file may come from anywhere
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
}

void Database::fail(int code) const {
  const std::string said = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Error(ErrorKind::Internal, "the store is damaged: " + said, path_.string(),
                  "Move the file and its -wal and -shm away; the next run makes a new one");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(InputClass::Path, "another process holds the store locked", path_.string(),
                  "Try again when it is done");
    case SQLITE_FULL:
      throw Error(InputClass::Path, "the disk is full", path_.string(), "Nothing was changed");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      throw Error(InputClass::Path, "the store cannot be used: " + said, path_.string(),
                  "BITWRIGHT_STORE names another place for it");
    default:
      throw Error(ErrorKind::Internal, fmt::format("SQLite: {} ({})", said, code), path_.string());
  }
}

void Database::run(const std::string& sql) const {
  if (const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK)
    fail(code);
}

void Database::run_until_free(const std::string& sql) const {
  constexpr int kPause = 20;
  int code = SQLITE_BUSY;
  for (int waited = 0; (code & 0xff) == SQLITE_BUSY && waited < kBusyMilliseconds; waited += kPause) {
    if (waited > 0) sqlite3_sleep(kPause);
    code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  }
  if (code != SQLITE_OK) fail(code);
}

Statement Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) fail(code);
  return Statement(*this, statement);
}

std::int64_t Database::integer(std::string_view sql) const {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text64(handle_.get(), ++bound_, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(handle_.get(), ++bound_, value);
  return *this;
}
Statement& Statement::bind(double value) {
  sqlite3_bind_double(handle_.get(), ++bound_, value);
  return *this;
}
Statement& Statement::bind_null() {
  sqlite3_bind_null(handle_.get(), ++bound_);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) database_.fail(code);
  return code == SQLITE_ROW;
}

void Statement::run() {
  step();
  sqlite3_reset(handle_.get());
  bound_ = 0;
}

std::string Statement::text(int column) const {
  const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return start ? std::string(start, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))) : "";
}

std::optional<double> Statement::number(int column) const {
  if (is_null(column)) return std::nullopt;
  return sqlite3_column_double(handle_.get(), column);
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {  // SQLite has rolled back by itself
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace bw
