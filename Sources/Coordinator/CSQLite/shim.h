#include <sqlite3.h>

/// What Swift cannot call: `sqlite3_db_config` takes any number of arguments.
///
/// Forbids whatever SQL could do to harm the file's structure, and keeps functions and virtual tables out of the
/// schema; then nothing in the file can be longer than `largest` bytes.
///
/// \return SQLITE_OK, or the code of what failed.
static inline int csqlite_defend(sqlite3 *database, int largest) {
  int code = sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
  if (code == SQLITE_OK) code = sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
  if (code == SQLITE_OK) code = sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
  if (code == SQLITE_OK) code = sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)0);
  if (code != SQLITE_OK) return code;
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, largest);
  sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, 100000);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  return SQLITE_OK;
}
