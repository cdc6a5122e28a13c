using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Graft.Sqlite;

/// <summary>Stands for how a node computes: two nodes with the same one come to the same rows from the same statements (docs/internals/sqlite.md, section 13).</summary>
/// <remarks>A probe proves nothing beyond what it asks. The comparison of digests is the second net.</remarks>
/// <param name="Value">The first half of a SHA-256, in hexadecimal digits.</param>
/// <param name="Description">For people: the version, and what was chosen.</param>
internal sealed record Fingerprint(string Value, string Description)
{
    // Conversions between REAL and text go by the processor's long double, and functions by the system's mathematics.
    private const string Probe =
        """
        WITH RECURSIVE n(i) AS (SELECT -40 UNION ALL SELECT i + 1 FROM n WHERE i < 40),
          v(x) AS (SELECT 1.1 * i * i * i / 7.0 FROM n UNION ALL SELECT 3.0e-5 * i / 11.0 FROM n UNION ALL SELECT 9.87654321e15 * i FROM n)
        SELECT group_concat(x || ' ' || printf('%.17g %e %.3f', x, x, x) || ' ' || round(x, 2) || ' ' || CAST(CAST(x AS TEXT) AS REAL) || ' ' || CAST(x AS INTEGER), ';')
          || (SELECT group_concat(datetime(2440587.5 + i * 1234.56789) || strftime('%f %s %J', i * 86400.123, 'unixepoch'), ';') FROM n)
          || (SELECT group_concat(CAST('1' || substr('0000000000000000', 1, i % 17) || '.' || i || 'e' || (i - 20) AS REAL), ';') FROM n WHERE i > 0)
        FROM v
        """;

    /// <summary>Finds out how a library computes.</summary>
    /// <param name="library">The library.</param>
    /// <param name="foreignKeys">The cluster's setting.</param>
    internal static Fingerprint Of(SqliteLibrary library, bool foreignKeys)
    {
        var text = new StringBuilder();
        text.Append(library.SourceId).Append('\n');
        text.AppendJoin('\n', library.CompileOptions).Append('\n');
        text.Append(FixedSettings.Pragmas).Append('\n');
        text.AppendJoin('\n', FixedSettings.Limits.Select(static limit => string.Create(CultureInfo.InvariantCulture, $"{limit.Limit}={limit.Value}"))).Append('\n');
        text.Append(foreignKeys ? "foreign keys\n" : "no foreign keys\n");
        using (SqliteConnection memory = SqliteConnection.Open(library, ":memory:", OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoMutex, vfs: null))
        {
            text.Append(memory.Scalar(Probe));
        }

        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        return new Fingerprint(
            Convert.ToHexStringLower(hash.AsSpan(0, hash.Length / 2)),
            $"SQLite {library.Version}, foreign keys {(foreignKeys ? "enforced" : "not enforced")}, fingerprint {Convert.ToHexStringLower(hash.AsSpan(0, 4))}");
    }
}
