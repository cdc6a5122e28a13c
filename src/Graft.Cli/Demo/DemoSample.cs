namespace Graft.Cli;

/// <summary>What the demo's database holds to begin with.</summary>
internal static class DemoSample
{
    internal const string Sql =
        """
        CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE orders(
          id INTEGER PRIMARY KEY,
          user_id INTEGER NOT NULL REFERENCES users(id),
          total REAL NOT NULL,
          at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
        CREATE INDEX orders_user ON orders(user_id);
        INSERT INTO users(name) VALUES ('turing'), ('ritchie'), ('lovelace'), ('hamilton');
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
          INSERT INTO orders(user_id, total) SELECT 1 + abs(random()) % 4, round(5 + abs(random()) % 9500 / 100.0, 2) FROM n;
        """;

    internal const string Loaded = "users (4 rows), orders (1,000 rows)";
}
