using System.Globalization;
using System.Text;

namespace Graft.Sqlite;

/// <summary>Looks at a database from elsewhere, and makes it one of ours.</summary>
internal static class LoadedDatabase
{
    /// <summary>Checks and converts a file.</summary>
    /// <param name="factory">Opens it.</param>
    /// <param name="path">The file.</param>
    /// <param name="session">The database that it's to replace, whose own rows go on in it.</param>
    /// <returns>Why it's refused: it follows from the file's bytes alone. Null if it's ready.</returns>
    /// <exception cref="SqliteException">An error that befell this node.</exception>
    internal static string? Prepare(ConnectionFactory factory, string path, WriterSession session)
    {
        if (!HasHeader(path))
        {
            return "that isn't a database of SQLite: it doesn't begin with 'SQLite format 3'; a text of SQL is sent as a write";
        }

        using SqliteConnection loaded = factory.OpenCopy(path);
        try
        {
            if (Refuse(loaded) is { } why)
            {
                return why;
            }

            // In WAL mode VACUUM would keep page size and auto_vacuum as they are.
            loaded.Execute("PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF; PRAGMA page_size=4096; PRAGMA auto_vacuum=NONE; VACUUM");
        }
        catch (SqliteException failed) when (!BefellThisNode(failed.Code))
        {
            return $"the database is damaged, or of a version that isn't known here: {failed.Message}";
        }

        loaded.Execute(WriterSession.OwnTables);
        foreach (string table in new[] { "_graft_row(key, value)", "_graft_setting(name, value)" })
        {
            CopyRows(session.Connection, loaded, table);
        }

        return null;
    }

    private static string? Refuse(SqliteConnection loaded)
    {
        string? verdict = SoundCheck.Verdict(loaded);
        string encoding = loaded.Scalar("PRAGMA encoding") ?? string.Empty;
        return verdict is not null ? $"the database is damaged: {verdict}"
            : encoding != "UTF-8" ? $"the database is encoded as {encoding}, and here it has to be UTF-8; dump it as SQL and load that"
            : loaded.Scalar("SELECT name FROM sqlite_master WHERE name LIKE '\\_graft\\_%' ESCAPE '\\'") is { } own ? $"{Refusals.Own}, and the database has {own}; make a backup of it, which has none"
            : loaded.Scalar("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite\\_stat_' ESCAPE '\\' AND name<>'sqlite_stat1'") is { } statistics
                ? $"the database has {statistics}, statistics that not every SQLite has; drop the table first"
            : WriterSession.HasTooManyObjects(loaded)
                ? Refusals.TooManyObjects
            : ForeignModule(loaded) is { } module ? Refusals.Module(module)
            : TableWithLastRowId(loaded) is { } table ? $"the table {table} has a row with the highest rowid, {long.MaxValue.ToString(CultureInfo.InvariantCulture)}, behind which rowids are chosen at random; give it another"
            : null;
    }

    private static string? ForeignModule(SqliteConnection loaded)
    {
        using SqliteStatement tables = loaded.Prepare("SELECT sql FROM sqlite_master WHERE type='table' AND sql LIKE 'CREATE VIRTUAL%'");
        while (tables.StepOrThrow())
        {
            string sql = Encoding.UTF8.GetString(tables.Bytes(0));
            int keyword = sql.IndexOf("USING", StringComparison.OrdinalIgnoreCase);
            string module = keyword < 0 ? sql : sql[(keyword + "USING".Length)..].TrimStart().Split(['(', ' ', '\n', '\t', '\r'], 2)[0];
            if (!Modules.IsAllowed(Encoding.UTF8.GetBytes(module)))
            {
                return module;
            }
        }

        return null;
    }

    private static string? TableWithLastRowId(SqliteConnection loaded)
    {
        var names = new List<string>();
        using (SqliteStatement tables = loaded.Prepare("SELECT name FROM sqlite_master WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%'"))
        {
            while (tables.StepOrThrow())
            {
                names.Add(Encoding.UTF8.GetString(tables.Bytes(0)));
            }
        }

        foreach (string name in names)
        {
            if (TableShape.RowIdOf(loaded, name) is { } rowId
                && loaded.Scalar($"SELECT 1 FROM main.{TableShape.Quoted(name)} WHERE {rowId}={long.MaxValue.ToString(CultureInfo.InvariantCulture)}") is not null)
            {
                return name;
            }
        }

        return null;
    }

    private static void CopyRows(SqliteConnection from, SqliteConnection into, string table)
    {
        string name = table[..table.IndexOf('(', StringComparison.Ordinal)];
        into.Execute("BEGIN");
        using (SqliteStatement read = from.Prepare($"SELECT * FROM {name}"))
        using (SqliteStatement write = into.Prepare($"INSERT INTO {table} VALUES(?1, ?2)"))
        {
            while (read.StepOrThrow())
            {
                for (int column = 0; column < 2; column++)
                {
                    write.Bind(column + 1, read.Value(column));
                }

                write.Run();
            }
        }

        into.Execute("COMMIT");
    }

    // The file's bytes are the same on every node, and so is what SQLite says of them, but for what the machine does meanwhile.
    private static bool BefellThisNode(int code) => ResultCode.Primary(code) is ResultCode.InputOutput or ResultCode.NoMemory or ResultCode.Full
        or ResultCode.CannotOpen or ResultCode.Busy or ResultCode.Protocol or ResultCode.Internal or ResultCode.Misuse or ResultCode.Interrupt;

    private static bool HasHeader(string path)
    {
        Span<byte> head = stackalloc byte[16];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual("SQLite format 3\0"u8);
    }
}
