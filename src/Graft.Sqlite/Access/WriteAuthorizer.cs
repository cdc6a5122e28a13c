using System.Text;

namespace Graft.Sqlite;

/// <summary>Says what a replicated statement may do (docs/internals/sqlite.md, section 7), and notes what it does.</summary>
/// <remarks>
/// What a column's default calls is never reported, so nothing about determinism rests on this. It says no while a statement is prepared and never afterwards.
/// </remarks>
internal sealed class WriteAuthorizer
{
    private readonly HashSet<string> _virtualTables = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _shadowTables = new(StringComparer.OrdinalIgnoreCase);
    private bool _isRunning;

    /// <summary>What is going on is our own, and may do anything.</summary>
    internal bool IsTrusted { get; set; } = true;

    /// <summary>A command of its own vacuums: SQLite attaches a file without a name.</summary>
    internal bool IsVacuuming { get; set; }

    /// <summary>What has been seen since it was set to none.</summary>
    internal StatementTraits Traits { get; set; }

    /// <summary>Why the last statement was refused; null if it wasn't.</summary>
    internal string? Refusal { get; set; }

    /// <summary>A client's statement is about to be prepared.</summary>
    internal void BeginPrepare() => (IsTrusted, _isRunning, Traits, Refusal) = (false, false, StatementTraits.None, null);

    /// <summary>A client's statement is about to run: what virtual tables prepare inside is asked about from here on.</summary>
    internal void BeginRun() => (IsTrusted, _isRunning, Traits, Refusal) = (false, true, StatementTraits.None, null);

    /// <summary>Notes which tables are virtual, and which are theirs; after each change of the schema.</summary>
    /// <param name="tables">Their names, and the SQL that made them.</param>
    internal void KnowVirtualTables(IReadOnlyList<(string Name, string Sql)> tables)
    {
        _virtualTables.Clear();
        _shadowTables.Clear();
        foreach ((string name, string sql) in tables)
        {
            _virtualTables.Add(name);
            _shadowTables.UnionWith(Modules.ShadowsOf(sql).Select(end => $"{name}_{end}"));
        }
    }

    /// <summary>Whether a table is where FTS4 keeps its options.</summary>
    internal bool IsStatOfVirtual(ReadOnlySpan<byte> table) =>
        table.EndsWith("_stat"u8) && _virtualTables.Contains(Encoding.UTF8.GetString(table[..^"_stat".Length]));

    internal Verdict Judge(
        AuthorizerAction action, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> database, ReadOnlySpan<byte> within)
    {
        if (IsTrusted)
        {
            return Verdict.Allow;
        }

        switch (action)
        {
            case AuthorizerAction.Read:
                return JudgeRead(first, second);
            case AuthorizerAction.Insert or AuthorizerAction.Update or AuthorizerAction.Delete:
                return JudgeChange(action, first, within);
            case AuthorizerAction.Function:
                return OwnNames.Is(second, "load_extension"u8) || OwnNames.Is(second, "fts3_tokenizer"u8)
                    ? Refuse($"{Encoding.UTF8.GetString(second)} {Refusals.Code}")
                    : Verdict.Allow;
            case AuthorizerAction.Transaction:
                Traits |= OwnNames.Is(first, "BEGIN"u8) ? StatementTraits.Begins
                    : OwnNames.Is(first, "ROLLBACK"u8) ? StatementTraits.RollsBack : StatementTraits.Commits;
                return Verdict.Allow;
            case AuthorizerAction.Savepoint:
                return Refuse(Refusals.Savepoint);
            case AuthorizerAction.Pragma:
                return JudgePragma(first, second, database);
            case AuthorizerAction.Attach:
                return IsVacuuming && first.IsEmpty ? Verdict.Allow : Refuse(Refusals.Attach);
            case AuthorizerAction.Detach:
                return IsVacuuming ? Verdict.Allow : Refuse(Refusals.Attach);
            case AuthorizerAction.Analyze:
                Traits |= StatementTraits.WritesStatistics | StatementTraits.Analyzes;
                return OwnNames.IsOurs(first) ? Verdict.Ignore : Verdict.Allow;
            case AuthorizerAction.Reindex:
                return OwnNames.IsOurIndex(first) ? Verdict.Ignore : Verdict.Allow;
            case AuthorizerAction.Select or AuthorizerAction.Recursive:
                return Verdict.Allow;
            default:
                return JudgeSchemaChange(action, first, second, database);
        }
    }

    private static bool IsInner(ReadOnlySpan<byte> table) =>
        OwnNames.Is(table, "dbstat"u8) || OwnNames.Is(table, "sqlite_stmt"u8) || OwnNames.Is(table, "sqlite_dbpage"u8)
        || OwnNames.Is(table, "bytecode"u8) || OwnNames.Is(table, "tables_used"u8);

    private Verdict JudgeRead(ReadOnlySpan<byte> table, ReadOnlySpan<byte> column)
    {
        if (OwnNames.IsOurs(table))
        {
            return Refuse(Refusals.Own);
        }

        if (IsInner(table))
        {
            return Refuse($"{Encoding.UTF8.GetString(table)} {Refusals.Inner}");
        }

        NoteVirtual(table);

        // Which page a table begins at depends on our rows among the user's.
        return OwnNames.IsSchema(table) && OwnNames.Is(column, "rootpage"u8) && !IsVacuuming ? Verdict.Ignore : Verdict.Allow;
    }

    private Verdict JudgePragma(ReadOnlySpan<byte> name, ReadOnlySpan<byte> argument, ReadOnlySpan<byte> database)
    {
        Traits |= StatementTraits.Pragma;

        // Full-text indexes ask that inside. A client's table-valued pragma names no database, and a bare one is found out by its column.
        if (OwnNames.Is(name, "data_version"u8) && OwnNames.Is(database, "main"u8))
        {
            return Verdict.Allow;
        }

        return Pragmas.IsForWrites(name, !argument.IsEmpty) ? Verdict.Allow : Refuse(Refusals.Pragma(Encoding.UTF8.GetString(name)));
    }

    private Verdict JudgeChange(AuthorizerAction action, ReadOnlySpan<byte> table, ReadOnlySpan<byte> within)
    {
        if (OwnNames.IsOurs(table))
        {
            return Refuse(Refusals.Own);
        }

        if (IsShadowOfClient(table))
        {
            return Refuse(Refusals.Shadow(Encoding.UTF8.GetString(table)));
        }

        NoteVirtual(table);
        if (action == AuthorizerAction.Insert && within.IsEmpty && Traits.HasFlag(StatementTraits.TouchesVirtual)
            && _virtualTables.Contains(Encoding.UTF8.GetString(table)))
        {
            Traits |= StatementTraits.InsertsVirtual;
        }

        Traits |= StatementTraits.ChangesRows | (OwnNames.IsStatistics(table) ? StatementTraits.WritesStatistics : StatementTraits.None);
        return Verdict.Allow;
    }

    private Verdict JudgeSchemaChange(AuthorizerAction action, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> database)
    {
        Traits |= StatementTraits.ChangesSchema;
        switch (action)
        {
            case AuthorizerAction.CreateTempIndex or AuthorizerAction.CreateTempTable or AuthorizerAction.CreateTempTrigger or AuthorizerAction.CreateTempView
                or AuthorizerAction.DropTempIndex or AuthorizerAction.DropTempTable or AuthorizerAction.DropTempTrigger or AuthorizerAction.DropTempView:
                return Refuse(Refusals.Temporary);
            case AuthorizerAction.AlterTable:
                Traits |= StatementTraits.Alters;
                return IsShadowOfClient(second) ? Refuse(Refusals.Shadow(Encoding.UTF8.GetString(second))) : OwnNames.Is(first, "temp"u8) ? Refuse(Refusals.Temporary) : OwnNames.IsOurs(second) ? Refuse(Refusals.Own) : Verdict.Allow;
            case AuthorizerAction.DropTable when IsShadowOfClient(first):
                return Refuse(Refusals.Shadow(Encoding.UTF8.GetString(first)));
            case AuthorizerAction.DropTable when OwnNames.IsStatistics(first):
                return Refuse(Refusals.Statistics);
            case AuthorizerAction.CreateVirtualTable when !Modules.IsAllowed(second):
                return Refuse(Refusals.Module(Encoding.UTF8.GetString(second)));
            case AuthorizerAction.CreateVirtualTable or AuthorizerAction.DropVirtualTable:
                Traits |= StatementTraits.TouchesVirtual;
                break;
        }

        return OwnNames.Is(database, "temp"u8) ? Refuse(Refusals.Temporary)
            : OwnNames.IsOurs(first) || OwnNames.IsOurs(second) ? Refuse(Refusals.Own)
            : Verdict.Allow;
    }

    // SQLite keeps clients from them too, but 3.35 forgets which they are with a VACUUM (docs/internals/sqlite.md, section 7).
    private bool IsShadowOfClient(ReadOnlySpan<byte> table) =>
        !_isRunning && _shadowTables.Count > 0 && _shadowTables.Contains(Encoding.UTF8.GetString(table));

    // A shadow table is named after its virtual one, an underscore between.
    private void NoteVirtual(ReadOnlySpan<byte> table)
    {
        if (_virtualTables.Count == 0 || Traits.HasFlag(StatementTraits.TouchesVirtual))
        {
            return;
        }

        string name = Encoding.UTF8.GetString(table);
        for (int end = name.Length; end > 0; end = name.LastIndexOf('_', end - 1))
        {
            if (_virtualTables.Contains(name[..end]))
            {
                Traits |= StatementTraits.TouchesVirtual;
                return;
            }
        }
    }

    private Verdict Refuse(string why)
    {
        Refusal ??= why;
        return Verdict.Deny;
    }
}
